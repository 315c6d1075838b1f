# A recipe and its limits, as csrc takes them.

from libc.stdint cimport int64_t, uint8_t
from libcpp cimport bool as cbool

from regcore._native.status cimport SimdLevel


cdef extern from "resample/axis_plan.h" namespace "regcore" nogil:
    cdef enum class Filter:
        kBox
        kBilinear
        kHamming
        kBicubic
        kLanczos
        kNearest
        kMks2013
        kMks2021
        kArea
        kNearestExact
        kLanczos5
        kGaussian
        kMitchell

    cdef enum class PassOrder:
        kPillow9
        kPillow13


cdef extern from "flavours/flavour.h" namespace "regcore" nogil:
    cdef enum class Flavour:
        kPillow
        kTorch
        kTorchFloat
        kTorchPlain
        kOpencv
        kTensorflow
        kTensorflowAntialias


cdef extern from "resample/crop_geometry.h" namespace "regcore" nogil:
    cdef enum class Resize:
        kShortSide
        kExact
        kInside
        kOutside
        kOutsideFactor
        kNone

    cdef enum class CropOffset:
        kHalfEven
        kFloor
        kTowardZero

    cdef struct CropRule:
        Resize resize
        int height
        int width
        int crop_height
        int crop_width
        CropOffset offset
        cbool pads


cdef extern from "normalize/normalize.h" namespace "regcore" nogil:
    cdef enum class DataType:
        kFloat32
        kFloat16
        kBfloat16
        kUint8
        kInt8

    cdef enum class Layout:
        kNchw
        kNhwc

    cdef enum class Channels:
        kRgb
        kBgr
        kGray

    cdef enum class Arithmetic:
        kFloat32
        kProduct
        kFloat64

    cdef struct ValueFormula:
        double divisor
        double[3] mean
        double[3] std
        double[3] second_std
        float quant_scale
        int quant_zero_point
        Arithmetic arithmetic


cdef extern from "preprocess/preprocess_spec.h" namespace "regcore" nogil:
    cdef enum class OnWarning:
        kIgnore
        kReport
        kFail

    cdef cppclass DecodeLimits:
        size_t file_bytes
        int64_t pixels
        size_t scans

    cdef cppclass MemoryBudget:
        MemoryBudget(size_t) except +

    cdef struct PreprocessSpec:
        CropRule crop
        uint8_t[3] fill
        cbool apply_orientation
        Flavour flavour
        Filter filter
        PassOrder order
        ValueFormula formula
        Channels channels
        DataType type
        Layout layout
        cbool full_decode
        OnWarning on_warning
        SimdLevel level
        DecodeLimits limits
        MemoryBudget* memory


cdef PreprocessSpec spec_of(recipe, MemoryBudget* memory, dict options) except *
