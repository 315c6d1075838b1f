#!/usr/bin/env bash
# What can be proven of the GPU paths on one machine with a GPU, its CUDA driver, and torch and timm,
# without a network, in about five minutes.
#
#   bash bench/gpu_check.sh prepare [PHOTOS LABELS]
#       On a machine with the checkout, a compiler and `regcore[demo]`: makes the folder .gpu, about
#       20 MB: a wheel, the libjpeg it is linked to, photos (by default the demo's), weights, and
#       these scripts. PYTHON_VERSION (3.12) is that of the GPU's machine.
#   bash .gpu/bench/gpu_check.sh run [STEP ...]
#       On the machine with the GPU, after .gpu was copied there. Results go to $OUT.
set -euo pipefail
self=$(readlink -f "$0")

prepare() {
  repository=$(dirname "$(dirname "$self")")
  folder=$repository/.gpu
  rm -rf "$folder"
  mkdir -p "$folder/photos" "$folder/wheels"
  cd "$repository"
  python3 -m pip wheel --quiet --no-deps --wheel-dir "$folder/wheels" .
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$folder/wheels" \
    --python-version "${PYTHON_VERSION:-3.12}" --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 msgspec click rich
  cp "$(ldconfig -p | awk '/libjpeg.so.62 .*x86-64/ {print $NF; exit}')" "$folder/"
  python3 bench/gpu/gather.py "$folder" "$@"
  mkdir "$folder/bench"
  cp -r bench/*.py bench/gpu_check.sh bench/gpu "$folder/bench/"
  du -sh "$folder"
}

run() {
  export REGCORE_GPU OUT
  REGCORE_GPU=$(dirname "$(dirname "$self")")
  OUT=${OUT:-/tmp/gpu-check}
  mkdir -p "$OUT"
  rm -f "$OUT/steps.jsonl"
  site=$(mktemp -d)
  python3 -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
    --root-user-action=ignore --target "$site" "$REGCORE_GPU"/wheels/*.whl
  export PYTHONPATH=$site:$REGCORE_GPU/bench PYTHONUNBUFFERED=1
  export LD_LIBRARY_PATH=$REGCORE_GPU:${LD_LIBRARY_PATH:-}
  cd "$site"
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
  python3 -m regcore --version
  for step in "${@:-cuda_runtime torch_reference tensorrt_backend whole_run workers torch_loader}"; do
    for name in $step; do
      python3 -m "gpu.$name" || true
    done
  done
  python3 -m gpu.summary
}

case ${1:-} in
  prepare | run) "$@" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$self" ;;
esac
