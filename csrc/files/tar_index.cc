#include "files/tar_index.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "files/file_descriptor.h"

namespace regcore {
namespace {

constexpr size_t kBlock = 512;
constexpr uint64_t kLongestText = 1 << 20;  // of a long name or a pax header
constexpr uint64_t kLargest = uint64_t{1} << 62;
constexpr uint64_t kBlocking = 20;  // blocks to which archives are filled up

using Block = std::array<char, kBlock>;

std::string_view Text(const Block& block, size_t first, size_t size) {
  const std::string_view field(block.data() + first, size);
  return field.substr(0, std::min(field.find('\0'), size));
}

// Octal digits between white space, or base 256 where the first bit is set.
std::optional<uint64_t> Number(const Block& block, size_t first, size_t size) {
  const auto lead = static_cast<uint8_t>(block[first]);
  if ((lead & 0x80) != 0) {
    uint64_t value = lead & 0x7f;
    for (size_t i = first + 1; i < first + size; ++i) {
      if (value >= kLargest >> 8) return std::nullopt;  // or negative
      value = value << 8 | static_cast<uint8_t>(block[i]);
    }
    return value;
  }
  std::string_view digits = Text(block, first, size);
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, /*base=*/8);
  if (digits.empty()) return 0;
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool HasItsChecksum(const Block& block) {
  constexpr size_t kFirst = 148, kSize = 8;
  const std::optional<uint64_t> wanted = Number(block, kFirst, kSize);
  int64_t plain = 0, with_signs = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const bool is_checksum = i >= kFirst && i < kFirst + kSize;
    plain += is_checksum ? ' ' : static_cast<uint8_t>(block[i]);
    with_signs += is_checksum ? ' ' : static_cast<signed char>(block[i]);
  }
  return wanted &&
         (static_cast<int64_t>(*wanted) == plain || static_cast<int64_t>(*wanted) == with_signs);
}

bool IsZero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char byte) { return byte == 0; });
}

// What headers before a member say of it.
struct Extended {
  std::optional<std::string> name;
  std::optional<uint64_t> size;
  bool is_sparse = false;
};

// A pax header: records of "LENGTH KEY=VALUE\n". False where it is none.
bool ReadPax(std::string_view text, Extended* next) {
  while (!text.empty() && text.front() != '\0') {
    size_t length = 0;
    const auto [space, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const size_t begin = static_cast<size_t>(space - text.data()) + 1;
    if (error != std::errc() || length > text.size() || begin >= length || *space != ' ' ||
        text[length - 1] != '\n') {
      return false;
    }
    const std::string_view record = text.substr(begin, length - 1 - begin);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") next->name = std::string(value);
    if (key == "size") {
      uint64_t size = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), size);
      if (read.ec != std::errc() || read.ptr != value.data() + value.size()) return false;
      next->size = size;
    }
    if (key.substr(0, 11) == "GNU.sparse.") next->is_sparse = true;
    text.remove_prefix(length);
  }
  return true;
}

class Indexer {
 public:
  Indexer(int file, uint64_t end, TarIndex* index) : file_(file), end_(end), index_(*index) {}

  Status Run() {
    bool more = true;
    while (more) REGCORE_RETURN_IF_ERROR(Step(&more));
    return {};
  }

 private:
  // Reads `size` bytes at `offset`, which lie in the file.
  Status Read(uint64_t offset, char* to, size_t size) {
    while (size > 0) {
      const ssize_t got = ::pread(file_, to, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError(StatusCode::kIo, "cannot read");
      if (got == 0) return {StatusCode::kIo, "changed while it was read"};
      to += got;
      offset += static_cast<uint64_t>(got);
      size -= static_cast<size_t>(got);
    }
    return {};
  }

  Status Stop(const std::string& why, bool* more) {
    *more = false;
    if (index_.damage.empty()) index_.damage = why;
    return {};
  }

  std::string At() const { return "at byte " + std::to_string(at_); }

  Status Step(bool* more) {
    if (at_ == end_) return Stop("ends without its end mark", more);
    if (end_ - at_ < kBlock) return Stop("cut short in a header " + At(), more);
    Block header;
    REGCORE_RETURN_IF_ERROR(Read(at_, header.data(), kBlock));
    if (IsZero(header)) return End(more);
    if (!HasItsChecksum(header)) return Stop("no header of a member " + At(), more);
    const std::optional<uint64_t> size = Number(header, 124, 12);
    if (!size) return Stop("a header without a size " + At(), more);
    const char type = header[156];
    return IsDescription(type) ? Describe(type, *size, more) : Add(header, type, *size, more);
  }

  static bool IsDescription(char type) {
    return type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
  }

  Status Describe(char type, uint64_t size, bool* more) {
    const uint64_t first = at_ + kBlock;
    if (size > kLongestText)
      return Stop("a name of " + std::to_string(size) + " bytes " + At(), more);
    if (size > end_ - first) return Stop("cut short in a header " + At(), more);
    std::string text(static_cast<size_t>(size), '\0');
    REGCORE_RETURN_IF_ERROR(Read(first, text.data(), text.size()));
    if (type == 'L') next_.name = text.substr(0, text.find('\0'));
    if ((type == 'x' || type == 'X') && !ReadPax(text, &next_)) {
      return Stop("a damaged pax header " + At(), more);
    }
    return Skip(size, more);
  }

  Status Add(const Block& header, char type, uint64_t size, bool* more) {
    std::string name(Text(header, 0, 100));
    if (std::memcmp(header.data() + 257, "ustar\0", 6) == 0) {
      const std::string_view prefix = Text(header, 345, 155);
      if (!prefix.empty()) name = std::string(prefix) + "/" + name;
    }
    if (next_.name) name = *next_.name;
    if (next_.size) size = *next_.size;
    // Links have none, whatever their headers say.
    if (type >= '1' && type <= '6') size = 0;
    if (size > kLargest) return Stop("a header without a size " + At(), more);
    const bool is_folder = type == '5' || (!name.empty() && name.back() == '/');
    if (!is_folder) {
      const FileRange range = {at_ + kBlock, static_cast<size_t>(size)};
      index_.members.push_back({std::move(name), range, next_.is_sparse ? 'S' : type});
    }
    next_ = {};
    return Skip(size, more);
  }

  // To the header after `size` bytes.
  Status Skip(uint64_t size, bool* more) {
    const uint64_t first = at_ + kBlock;
    if (size > end_ - first) return Stop("cut short in its last member, " + At(), more);
    at_ = std::min(end_, first + (size + kBlock - 1) / kBlock * kBlock);
    return {};
  }

  // At a block of zeros: nothing comes after it.
  Status End(bool* more) {
    *more = false;
    for (uint64_t i = 0; i < kBlocking && end_ - at_ >= kBlock; ++i, at_ += kBlock) {
      Block block;
      REGCORE_RETURN_IF_ERROR(Read(at_, block.data(), kBlock));
      if (!IsZero(block)) return Stop("goes on after its end mark " + At(), more);
    }
    return {};
  }

  const int file_;
  const uint64_t end_;
  TarIndex& index_;
  uint64_t at_ = 0;
  Extended next_;
};

}  // namespace

Status IndexTar(const char* path, TarIndex* index) {
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const bool is_ours = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    return SystemError(is_ours ? StatusCode::kEnvironment : StatusCode::kIo, "cannot open");
  }
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return SystemError(StatusCode::kIo, "cannot stat");
  if (!S_ISREG(status.st_mode)) return {StatusCode::kIo, "not a regular file"};
  try {
    return Indexer(file.get(), static_cast<uint64_t>(status.st_size), index).Run();
  } catch (const std::bad_alloc&) {
    return {StatusCode::kOutOfMemory, "out of memory"};
  }
}

}  // namespace regcore
