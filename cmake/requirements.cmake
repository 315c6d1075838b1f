# Looks for what a build needs from the system, and names all that is missing in one message.
#
# Sets REGCORE_NEEDS_LIBRARIES (whether this build has more than kernels), JPEG::JPEG,
# XXHASH_INCLUDE_DIR, and what FindPython sets.

set(REGCORE_NEEDS_LIBRARIES OFF)
if(REGCORE_PYTHON OR REGCORE_STAGES OR REGCORE_TESTS OR REGCORE_FUZZ)
  set(REGCORE_NEEDS_LIBRARIES ON)
endif()
foreach(kind what apt dnf brew)
  set(missing_${kind} "")
endforeach()

macro(regcore_missing what apt dnf brew)
  string(APPEND missing_what "\n    ${what}")
  string(APPEND missing_apt " ${apt}")
  string(APPEND missing_dnf " ${dnf}")
  string(APPEND missing_brew " ${brew}")
endmacro()

include(CheckLanguage)
check_language(C)
check_language(CXX)
if(CMAKE_C_COMPILER AND CMAKE_CXX_COMPILER)
  enable_language(C)
  enable_language(CXX)
  include(CheckCXXSourceCompiles)
  check_cxx_source_compiles("
    #include <charconv>
    int main() { double value; return std::from_chars(nullptr, nullptr, value).ptr != nullptr; }"
    REGCORE_HAS_FROM_CHARS)
endif()
if(NOT REGCORE_HAS_FROM_CHARS)
  regcore_missing("a C++20 compiler with std::from_chars for floating point (libstdc++ 11, libc++ 20, macOS 26)"
    "g++" "gcc-c++" "llvm")
endif()

if(REGCORE_NEEDS_LIBRARIES)
  if(REGCORE_STATIC_JPEG)
    set(CMAKE_FIND_LIBRARY_SUFFIXES ${CMAKE_STATIC_LIBRARY_SUFFIX})
  endif()
  find_package(JPEG)
  if(JPEG_FOUND AND REGCORE_HAS_FROM_CHARS)
    set(CMAKE_REQUIRED_LIBRARIES JPEG::JPEG)
    check_cxx_source_compiles("
      #include <cstdio>
      #include <jpeglib.h>
      static_assert(LIBJPEG_TURBO_VERSION_NUMBER >= 2001000);
      int main() { return reinterpret_cast<long>(&jpeg_crop_scanline) == 0; }"
      REGCORE_JPEG_IS_TURBO)
    unset(CMAKE_REQUIRED_LIBRARIES)
  endif()
  if(NOT JPEG_FOUND OR (REGCORE_HAS_FROM_CHARS AND NOT REGCORE_JPEG_IS_TURBO))
    regcore_missing("libjpeg-turbo 2.1 or newer, with its headers"
      "libjpeg-dev" "libjpeg-turbo-devel" "jpeg-turbo")
  endif()
  find_path(XXHASH_INCLUDE_DIR xxhash.h)
  if(NOT XXHASH_INCLUDE_DIR)
    regcore_missing("the header of xxHash 0.8 or newer" "libxxhash-dev" "xxhash-devel" "xxhash")
  endif()
endif()

if(REGCORE_PYTHON)
  # Where scikit-build-core asks for the stable ABI, one wheel serves Python 3.11 and newer.
  find_package(Python COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
  if(NOT Python_Development.Module_FOUND)
    regcore_missing("the headers of Python" "python3-dev" "python3-devel" "python")
  endif()
endif()

if(missing_what)
  message(FATAL_ERROR "regcore is built from source here, and this is missing:${missing_what}\n"
    "Install all of it with one of:\n"
    "    apt-get install${missing_apt}\n"
    "    dnf install${missing_dnf}\n"
    "    brew install${missing_brew}\n"
    "(after brew: export CMAKE_PREFIX_PATH=\"$(brew --prefix jpeg-turbo):$(brew --prefix)\")\n"
    "A wheel needs none of this: pip install --only-binary regcore regcore")
endif()
