// One value of an area plan, by the obvious loops.
#pragma once

#include "resample/tensorflow/source_picture.h"

namespace regcore {

float AreaValue(const SourcePicture& picture, const AxisPlan& down, size_t x, size_t y,
                int channel);

// What the sums are divided by, the area under an output, as a factor.
float AreaFactor(const AxisPlan& across, const AxisPlan& down);

// The weights of an output that are not zero, one of which may lie after its window.
int AreaWeights(const AxisPlan& plan, size_t output);

}  // namespace regcore
