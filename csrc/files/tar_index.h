// Where the members of a tar archive lie: POSIX ustar and pax, GNU, and the older form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "files/file_range.h"

namespace regcore {

struct TarMember {
  std::string name;
  FileRange range;  // of its bytes
  char type = '0';  // as in its header; 'S' also where a pax header says that it is sparse
};

struct TarIndex {
  std::vector<TarMember> members;  // but for folders and for what only describes another member
  std::string damage;              // why there may be more of them; empty where there are not
};

// Reads the headers only. kIo where the file cannot be read, kEnvironment where the process is to
// blame.
Status IndexTar(const char* path, TarIndex* index);

}  // namespace regcore
