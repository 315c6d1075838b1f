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
    // Components mostly share their tables, which then are in the cache once.
    int first = 0;
    while (scan.dc[first].counts != scan.dc[c].counts ||
           scan.ac[first].counts != scan.ac[c].counts) {
      ++first;  // to c itself at most
    }
    Tables& tables = tables_[first];
    if (first == c && !tables.Build(scan.dc[c], scan.ac[c])) return false;
    components_[c] = {&tables.dc, &tables.ac};
  }
  return true;
}

}  // namespace regcore
