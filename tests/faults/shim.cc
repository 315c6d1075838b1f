// Preloaded into a process, it counts the calls that change files below a folder, and at the n-th
// kills the process or lets the call fail. What the C library calls inside itself is not seen.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

enum Mode { kCount = 0, kKill = 1, kDiskFull = 2, kFailOnce = 3 };

char folder[PATH_MAX] = "";
std::atomic<long> calls{0};
std::atomic<long> fatal_call{0};
std::atomic<int> mode{kCount};

bool IsBelow(const char* path) {
  const size_t length = std::strlen(folder);
  return length > 0 && std::strncmp(path, folder, length) == 0 &&
         (path[length] == '/' || path[length] == '\0');
}

// The path of an open file, or of a name relative to an open folder.
bool IsFileBelow(int file) {
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  return IsBelow(path);
}

bool IsNameBelow(int at, const char* name) {
  if (name[0] == '/') return IsBelow(name);
  if (at != AT_FDCWD) return IsFileBelow(at);
  char here[PATH_MAX];
  return ::getcwd(here, sizeof here) != nullptr && IsBelow(here);
}

// Counts a call; true, with errno, where it must fail. `grows`: a full disk refuses it.
bool Fails(bool grows) {
  const long number = calls.fetch_add(1) + 1;
  const long fatal = fatal_call;
  if (mode == kCount || fatal == 0 || number < fatal) return false;
  if (mode == kKill) {
    if (number == fatal) ::kill(::getpid(), SIGKILL);
    return false;
  }
  if (mode == kFailOnce ? number != fatal : !grows) return false;
  errno = mode == kDiskFull ? ENOSPC : EIO;
  return true;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool Creates(int flags) { return (flags & (O_CREAT | O_TRUNC)) != 0; }

mode_t ModeOf(int flags, va_list rest) {
  const bool has = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
}

}  // namespace

// From now on, in this process. first: the call, from 1, that fails; 0: none.
EXPORTED void regcore_faults_arm(const char* below, long first, int how) {
  std::snprintf(folder, sizeof folder, "%s", below);
  calls = 0;
  fatal_call = first;
  mode = how;
}

EXPORTED long regcore_faults_calls() { return calls; }

#define OPEN(NAME)                                                               \
  EXPORTED int NAME(const char* path, int flags, ...) {                          \
    static const auto real = Real<int (*)(const char*, int, ...)>(#NAME);        \
    va_list rest;                                                                \
    va_start(rest, flags);                                                       \
    const mode_t access = ModeOf(flags, rest);                                   \
    va_end(rest);                                                                \
    if (Creates(flags) && IsNameBelow(AT_FDCWD, path) && Fails(true)) return -1; \
    return real(path, flags, access);                                            \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(NAME)                                                           \
  EXPORTED int NAME(int at, const char* path, int flags, ...) {                \
    static const auto real = Real<int (*)(int, const char*, int, ...)>(#NAME); \
    va_list rest;                                                              \
    va_start(rest, flags);                                                     \
    const mode_t access = ModeOf(flags, rest);                                 \
    va_end(rest);                                                              \
    if (Creates(flags) && IsNameBelow(at, path) && Fails(true)) return -1;     \
    return real(at, path, flags, access);                                      \
  }
OPENAT(openat)
OPENAT(openat64)

// A call on an open file.
#define ON_FILE(RESULT, NAME, GROWS, PARAMETERS, ARGUMENTS)     \
  EXPORTED RESULT NAME PARAMETERS {                             \
    static const auto real = Real<RESULT(*) PARAMETERS>(#NAME); \
    if (IsFileBelow(file) && Fails(GROWS)) return -1;           \
    return real ARGUMENTS;                                      \
  }
ON_FILE(ssize_t, write, true, (int file, const void* data, size_t size), (file, data, size))
ON_FILE(ssize_t, pwrite, true, (int file, const void* data, size_t size, off_t at),
        (file, data, size, at))
ON_FILE(ssize_t, pwrite64, true, (int file, const void* data, size_t size, off64_t at),
        (file, data, size, at))
ON_FILE(ssize_t, writev, true, (int file, const iovec* parts, int count), (file, parts, count))
ON_FILE(int, ftruncate, false, (int file, off_t size), (file, size))
ON_FILE(int, ftruncate64, false, (int file, off64_t size), (file, size))
ON_FILE(int, fsync, true, (int file), (file))
ON_FILE(int, fdatasync, true, (int file), (file))

// A call on names, of which the last counts.
#define ON_NAME(NAME, GROWS, PARAMETERS, ARGUMENTS, AT, PATH) \
  EXPORTED int NAME PARAMETERS {                              \
    static const auto real = Real<int(*) PARAMETERS>(#NAME);  \
    if (IsNameBelow(AT, PATH) && Fails(GROWS)) return -1;     \
    return real ARGUMENTS;                                    \
  }
ON_NAME(rename, false, (const char* from, const char* to), (from, to), AT_FDCWD, to)
ON_NAME(renameat, false, (int from_at, const char* from, int at, const char* to),
        (from_at, from, at, to), at, to)
ON_NAME(link, true, (const char* from, const char* to), (from, to), AT_FDCWD, to)
ON_NAME(symlink, true, (const char* from, const char* to), (from, to), AT_FDCWD, to)
ON_NAME(linkat, true, (int from_at, const char* from, int at, const char* to, int flags),
        (from_at, from, at, to, flags), at, to)
ON_NAME(unlink, false, (const char* path), (path), AT_FDCWD, path)
ON_NAME(unlinkat, false, (int at, const char* path, int flags), (at, path, flags), at, path)
ON_NAME(rmdir, false, (const char* path), (path), AT_FDCWD, path)
ON_NAME(mkdir, true, (const char* path, mode_t access), (path, access), AT_FDCWD, path)
ON_NAME(mkdirat, true, (int at, const char* path, mode_t access), (at, path, access), at, path)
