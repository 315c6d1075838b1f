#include "jpeg/baseline/scan_tables.h"

namespace regcore {

bool ScanTables::Tables::Build(const HuffmanSpec& dc_spec, const HuffmanSpec& ac_spec) {
  bool dc_rebuilt = false, ac_rebuilt = false;
  if (!dc_codes.Build(dc_spec, &dc_rebuilt)) return false;
  // If this fails, the next one rebuilds it, and so the pairs, whatever became of dc_codes.
  if (!ac_codes.Build(ac_spec, &ac_rebuilt)) return false;
  if (ac_rebuilt) ac.Build(ac_codes, ac_codes);
  if (ac_rebuilt || dc_rebuilt) dc.Build(dc_codes, ac_codes);
  return true;
}

bool ScanTables::Build(const ScanHeader& scan) {
  for (int c = 0; c < scan.frame.components; ++c) {
    // Both chroma components mostly have the same tables, which then are in the cache once.
    const bool shared =
        c == 2 && scan.dc[c].counts == scan.dc[1].counts && scan.ac[c].counts == scan.ac[1].counts;
    Tables& tables = tables_[shared ? 1 : c];
    if (!shared && !tables.Build(scan.dc[c], scan.ac[c])) return false;
    components_[c] = {&tables.dc, &tables.ac};
  }
  return true;
}

}  // namespace regcore
