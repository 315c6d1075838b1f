// What Pillow takes from the EXIF and XMP metadata of a JPEG.
#pragma once

#include <string_view>

namespace regcore {

// The first directory of an EXIF block, read with Pillow's rules: a value that lies past the end
// of the block ends the directory, and a type that TIFF does not know is passed over.
struct ExifFacts {
  bool readable = false;         // the block begins as a TIFF file does
  bool has_orientation = false;  // of whatever type
  int orientation = 1;           // Exif 2.32, tag 0x0112: 1 to 8; 1 where it says nothing sensible
  // Pillow's reader of resolutions fails on texts and bytes that are shorter than two.
  bool resolution_fails = false;
};

// `block`: an EXIF segment, or several put together, with or without "Exif\0\0" in front.
ExifFacts ReadExif(std::string_view block);

// The orientation that XMP gives as tiff:Orientation, 1 to 8; 1 where it gives none.
int XmpOrientation(std::string_view xmp);

}  // namespace regcore
