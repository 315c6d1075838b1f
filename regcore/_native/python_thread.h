// Python's state of a worker thread, kept as long as the thread: to make one for each call costs
// more than most calls.
#pragma once

#include <Python.h>

namespace regcore {

class PythonThread {
 public:
  PythonThread(const PythonThread&) = delete;
  PythonThread& operator=(const PythonThread&) = delete;

  // For the calling thread, which holds the GIL neither before nor after. Workers end, by the exit
  // handler of this package at the latest, before the interpreter does.
  static void Keep() { thread_local const PythonThread kept; }

 private:
  PythonThread() : lock_(PyGILState_Ensure()), state_(PyEval_SaveThread()) {}
  ~PythonThread() {
    PyEval_RestoreThread(state_);
    PyGILState_Release(lock_);
  }

  const PyGILState_STATE lock_;
  PyThreadState* const state_;
};

}  // namespace regcore
