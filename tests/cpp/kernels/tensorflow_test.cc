// TensorFlow's kernels on buffers that have exactly the size that kernels.h promises.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/view_tail.h"
#include "kernels/kernel_test.h"
#include "random.h"
#include "resample/tensorflow/method.h"

namespace regcore {
namespace {

struct Axis {
  int input = 1;
  int output = 1;
  int first = 0;
  int count = 1;
};

struct Case {
  Axis x;
  Axis y;
  Filter filter = Filter::kBilinear;
  bool antialias = false;

  ResampleMethod Method(SimdLevel level) const {
    return antialias ? TensorflowAntialiasMethod(filter, level) : TensorflowMethod(filter, level);
  }

  std::string Text() const {
    const auto text = [](const Axis& a) {
      return std::to_string(a.input) + "->" + std::to_string(a.output) + "[" +
             std::to_string(a.first) + "+" + std::to_string(a.count) + "]";
    };
    return text(x) + " x " + text(y) + " filter " + std::to_string(static_cast<int>(filter)) +
           (antialias ? " with antialias" : "");
  }
};

PackedAxis PlanOf(const Axis& axis, ResampleMethod::MakePlan make_plan, Filter filter) {
  PackedAxis packed;
  packed.plan = make_plan(axis.input, axis.output, axis.first, axis.count, filter);
  return packed;
}

// The rows of the window, in a picture that begins and ends with what they need, the last ones in a
// tail.
std::vector<float> Resample(const Case& c, SimdLevel level, Random random) {
  const ResampleMethod method = c.Method(level);
  PackedAxis x = PlanOf(c.x, method.plan_horizontal, c.filter);
  PackedAxis y = PlanOf(c.y, method.plan_vertical, c.filter);
  const Rect area = {x.plan.input_begin(), y.plan.input_begin(), x.plan.input_end(),
                     y.plan.input_end()};
  const size_t size = static_cast<size_t>(3 * area.width() * area.height());
  const std::unique_ptr<uint8_t[]> bytes = random.Bytes(size);
  PixelView view = {bytes.get(), ptrdiff_t{3} * area.width(), area};
  const int columns = 3 * c.x.count;
  AlignedBuffer tail;
  AlignedBuffer intermediate;
  if (!CopyTail(TailOf(view, area, 3), 3, &tail, &view).ok() ||
      !method.kernel->pack_horizontal(&x).ok() || !method.kernel->pack_vertical(&y).ok() ||
      !intermediate.Reserve(method.kernel->intermediate_bytes(area.height(), columns)).ok()) {
    return {};
  }
  method.kernel->horizontal(x, area.top, area.bottom, view, intermediate.data());
  const size_t row_size = static_cast<size_t>(columns);
  const std::unique_ptr<float[]> row(new float[row_size + 32]);
  std::vector<float> result;
  for (int i = 0; i < c.y.count; ++i) {
    method.kernel->vertical(y, i, intermediate.data(), 0, columns,
                            reinterpret_cast<uint8_t*>(row.get()));
    result.insert(result.end(), row.get(), row.get() + row_size);
  }
  return result;
}

void CheckCase(SimdLevel level, const Case& c, const Random& random) {
  const std::vector<float> expected = Resample(c, SimdLevel::kPortable, random);
  const std::vector<float> actual = Resample(c, level, random);
  EXPECT_TRUE(!expected.empty() && actual.size() == expected.size() &&
              std::memcmp(actual.data(), expected.data(), sizeof(float) * actual.size()) == 0)
      << "tensorflow " << SimdName(level) << " " << c.Text();
}

void CheckFilters(SimdLevel level, const Axis& x, const Axis& y, const Random& random) {
  for (Filter filter :
       {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos, Filter::kArea}) {
    for (bool antialias : {false, true}) CheckCase(level, {x, y, filter, antialias}, random);
  }
}

Axis RandomAxis(Random* random) {
  Axis axis;
  axis.output = static_cast<int>(random->Scale(1, 320));
  axis.input = std::clamp(static_cast<int>(axis.output * random->Scale(0.05, 20)), 1, 3000);
  axis.count = random->Between(1, std::min(axis.output, 40));
  axis.first = random->Between(0, axis.output - axis.count);
  return axis;
}

class TensorflowTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, TensorflowTest, testing::ValuesIn(VectorLevels()), LevelName);

TEST_P(TensorflowTest, SmallSizesEqualPortable) {
  for (int input = 1; input <= 12; ++input) {
    for (int output = 1; output <= 12; ++output) {
      CheckFilters(level(), {input, output, 0, output}, {13 - input, 13 - output, 0, 13 - output},
                   Random(1));
    }
  }
}

TEST_P(TensorflowTest, RandomWindowsEqualPortable) {
  Random random(2);
  for (int i = 0; i < 40; ++i) {
    const Axis x = RandomAxis(&random);
    CheckFilters(level(), x, RandomAxis(&random), random);
  }
}

// Rows that take several tiles, and windows that are wider than a tile.
TEST_P(TensorflowTest, WideRowsEqualPortable) {
  CheckFilters(level(), {9000, 700, 0, 700}, {7, 2, 0, 2}, Random(3));
  CheckFilters(level(), {20000, 5, 0, 5}, {3, 3, 0, 3}, Random(4));
}

}  // namespace
}  // namespace regcore
