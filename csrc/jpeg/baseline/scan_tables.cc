#include "jpeg/baseline/scan_tables.h"

namespace regcore {

bool ScanTables::Tables::Build(const ScanComponent& component) {
  bool dc_rebuilt = false, ac_rebuilt = false;
  if (!dc_codes.Build(component.dc, &dc_rebuilt)) return false;
  // If this fails, the next one rebuilds it, and so the pairs, whatever became of dc_codes.
  if (!ac_codes.Build(component.ac, &ac_rebuilt)) return false;
  if (ac_rebuilt) ac.Build(ac_codes, ac_codes);
  if (ac_rebuilt || dc_rebuilt) dc.Build(dc_codes, ac_codes);
  return true;
}

bool ScanTables::Build(const ScanHeader& scan) {
  for (int c = 0; c < scan.components; ++c) {
    const ScanComponent& component = scan.component[c];
    // Both chroma components mostly have the same tables, which then are in the cache once.
    const bool shared = c == 2 && component.dc.counts == scan.component[1].dc.counts &&
                        component.ac.counts == scan.component[1].ac.counts;
    Tables& tables = tables_[shared ? 1 : c];
    if (!shared && !tables.Build(component)) return false;
    components_[c] = {&tables.dc, &tables.ac};
  }
  return true;
}

}  // namespace regcore
