// Work on other threads that a caller waits for.
#pragma once

#include <chrono>

namespace regcore {

class Waitable {
 public:
  // True when the work has ended: all of it is done, or it was cancelled and nothing runs any more.
  virtual bool WaitFor(std::chrono::milliseconds timeout) = 0;

  // What has not begun will not begin.
  virtual void Cancel() = 0;

 protected:
  ~Waitable() = default;
};

}  // namespace regcore
