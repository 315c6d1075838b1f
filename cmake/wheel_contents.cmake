# A wheel with libraries inside says so: their licences, and a bill of materials (PEP 770).

# Sets VARIABLE to the numbers of HEADER's lines "#define PATTERN number", joined by dots.
function(regcore_read_version variable header pattern)
  file(STRINGS "${header}" lines REGEX "#define +${pattern} +[0-9.]+")
  list(TRANSFORM lines REPLACE ".*#define +[A-Z_]+ +([0-9.]+).*" "\\1")
  list(JOIN lines "." version)
  set(${variable} "${version}" PARENT_SCOPE)
endfunction()

list(GET JPEG_INCLUDE_DIRS 0 jpeg_headers)
regcore_read_version(jpeg_version "${jpeg_headers}/jconfig.h" LIBJPEG_TURBO_VERSION)
regcore_read_version(xxhash_version "${XXHASH_INCLUDE_DIR}/xxhash.h"
  "XXH_VERSION_(MAJOR|MINOR|RELEASE)")

# Off macOS, whose libc++ is the system's, libc++ is what a compiler brought and linked statically.
check_cxx_source_compiles("
  #include <version>
  #if !defined(_LIBCPP_VERSION) || defined(__APPLE__)
  #error
  #endif
  int main() {}" REGCORE_HAS_LIBCXX_INSIDE)
set(at "@")  # which @ONLY would take for a delimiter
set(cxx_runtime "")
set(cxx_runtime_ref "")
if(REGCORE_HAS_LIBCXX_INSIDE)
  set(cxx_runtime_ref ", \"llvm\"")
  string(CONFIGURE [[,
    {
      "type": "library",
      "bom-ref": "llvm",
      "name": "LLVM run-time libraries (libc++, libc++abi, libunwind, compiler-rt)",
      "version": "@CMAKE_CXX_COMPILER_VERSION@",
      "purl": "pkg:github/llvm/llvm-project@at@llvmorg-@CMAKE_CXX_COMPILER_VERSION@",
      "licenses": [{"expression": "Apache-2.0 WITH LLVM-exception"}]
    }]] cxx_runtime @ONLY)
endif()

configure_file(cmake/sbom.cdx.json.in regcore.cdx.json @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/regcore.cdx.json
  DESTINATION ${SKBUILD_METADATA_DIR}/sboms)
install(FILES ${jpeg_headers}/../share/doc/libjpeg-turbo/LICENSE.md
  ${jpeg_headers}/../share/doc/libjpeg-turbo/README.ijg
  DESTINATION ${SKBUILD_METADATA_DIR}/licenses/libjpeg-turbo)
install(FILES ${XXHASH_INCLUDE_DIR}/../share/doc/xxhash/LICENSE
  DESTINATION ${SKBUILD_METADATA_DIR}/licenses/xxhash)
