// The frame of the tests that run one list of images on some number of worker threads.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/images.h"

namespace regcore {

// The images of the tests: the files named on the command line, or mixed ones made here.
const std::vector<ImageSource>& TestSources();

// A test that runs once for each number of workers.
class WorkersTest : public testing::TestWithParam<size_t> {
 protected:
  static size_t workers() { return GetParam(); }
};

inline std::string WorkersName(const testing::TestParamInfo<size_t>& info) {
  return std::to_string(info.param);
}

}  // namespace regcore
