// Large pictures whose bands several workers resize.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"
#include "resize/band.h"
#include "resize/picture_plan.h"

namespace regcore {

// What the workers of one picture have in common.
struct SharedPicture {
  const PicturePlan& plan;
  PixelView pixels;
  bool readable;
  ResultView out;
  int bands;

  // Guarded by the mutex of SharedPictures.
  int next = 0;     // band
  int running = 0;  // bands
  Status status;    // the first failure
};

// The pictures of one list that are being resized.
class SharedPictures {
 public:
  // For a list of so many pictures; nobody may be in the other functions.
  void Reset(size_t pictures);

  // Resizes all bands, with the help of those who are in HelpUntilDone; returns when none runs.
  Status Resize(SharedPicture* picture, BandResizer* band);

  // One more picture of the list is done, whatever became of it.
  void PictureDone();

  // Takes bands of others' pictures until all pictures are done.
  void HelpUntilDone(BandResizer* band);

 private:
  using Lock = std::unique_lock<std::mutex>;
  SharedPicture* WithBandsLeft();
  void RunBand(SharedPicture* picture, BandResizer* band, Lock* lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SharedPicture*> open_;
  size_t left_ = 0;  // pictures that are not done
};

}  // namespace regcore
