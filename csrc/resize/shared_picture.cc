#include "resize/shared_picture.h"

#include <algorithm>
#include <new>

namespace regcore {
namespace {

Status ResizeBand(const SharedPicture& picture, int number, BandResizer* band) {
  const int64_t lines = picture.plan.lines();
  const auto border = [&](int n) { return static_cast<int>(lines * n / picture.bands); };
  try {
    return band->Run(picture.plan, picture.pixels, picture.readable, border(number),
                     border(number + 1), picture.out);
  } catch (const std::bad_alloc&) {
    return {StatusCode::kOutOfMemory, "out of memory"};
  }
}

}  // namespace

void SharedPictures::Reset(size_t pictures) {
  const Lock lock(mutex_);
  left_ = pictures;
  open_.clear();
}

Status SharedPictures::Resize(SharedPicture* picture, BandResizer* band) {
  Lock lock(mutex_);
  if (picture->bands > 1) {
    open_.push_back(picture);
    changed_.notify_all();
  }
  while (picture->next < picture->bands) RunBand(picture, band, &lock);
  changed_.wait(lock, [&] { return picture->running == 0; });
  std::erase(open_, picture);
  return picture->status;
}

void SharedPictures::PictureDone() {
  const Lock lock(mutex_);
  if (--left_ == 0) changed_.notify_all();
}

void SharedPictures::HelpUntilDone(BandResizer* band) {
  Lock lock(mutex_);
  while (left_ > 0) {
    SharedPicture* const picture = WithBandsLeft();
    if (picture == nullptr) {
      changed_.wait(lock);
    } else {
      RunBand(picture, band, &lock);
    }
  }
}

SharedPicture* SharedPictures::WithBandsLeft() {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [](const SharedPicture* p) { return p->next < p->bands; });
  return found == open_.end() ? nullptr : *found;
}

void SharedPictures::RunBand(SharedPicture* picture, BandResizer* band, Lock* lock) {
  const int number = picture->next++;
  ++picture->running;
  lock->unlock();
  Status status = ResizeBand(*picture, number, band);
  lock->lock();
  if (!status.ok()) {
    picture->next = picture->bands;  // the others are of no use
    if (picture->status.ok()) picture->status = std::move(status);
  }
  if (--picture->running == 0 && picture->next >= picture->bands) changed_.notify_all();
}

}  // namespace regcore
