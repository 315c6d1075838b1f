// Images made here for the tests of all that decodes or runs on threads, and what one worker makes
// of them: the reference of all threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "preprocess/preprocess.h"
#include "random.h"

namespace regcore {

using Bytes = std::vector<uint8_t>;

struct JpegKind {
  bool progressive = false;
  bool random_scans = false;  // of a progressive image: any that an encoder may choose
  bool arithmetic = false;
  bool grey = false;
  bool rgb = false;
  bool inks = false;          // YCCK, or with `rgb` CMYK
  bool scarce_black = false;  // of as few samples as the second component
  int horizontal = 2;         // sampling factors of the first component
  int vertical = 2;
  int other_horizontal = 1;  // and of the others
  int other_vertical = 1;
  unsigned restart_rows = 0;
  unsigned restart_mcus = 0;
  int quality = 70;
  bool smooth = false;  // shades, else noise
};

// Whether an MCU has room for inks with such factors.
bool HasRoomForInks(const JpegKind& kind);

// An image of that size; the same for the same seed.
Bytes EncodeJpeg(int width, int height, const JpegKind& kind, uint32_t seed);

// Colours and sampling factors of all that is decoded here; sometimes others, which libjpeg
// decodes.
JpegKind RandomKind(Random* random);

// Whether images of such colours and factors are decoded here: all but odd ratios, and the
// narrowest.
bool IsTaken(const JpegKind& kind, int width);

// Sound images of many kinds, cut ones, and bytes that are none.
std::vector<Bytes> MixedImages();

// A part of an image of that size.
Rect RandomPart(int width, int height, Random* random);

// Whether both hold the same pixels of `area`.
bool SameRegion(const RgbView& a, const RgbView& b, const Rect& area);

// A small tensor; `memory` may be null.
PreprocessSpec SmallSpec(MemoryBudget* memory);

std::vector<ImageSource> SourcesOf(const std::vector<Bytes>& images);

// "Decodes" what is no JPEG to one colour, if it is long enough.
ExternalDecoder GreyDecoder();

// The tensor that one worker makes of each image, and its status.
struct Expected {
  std::vector<Bytes> slots;
  std::vector<StatusCode> codes;
};
Expected OneByOne(const PreprocessSpec& spec, const std::vector<ImageSource>& sources);

}  // namespace regcore
