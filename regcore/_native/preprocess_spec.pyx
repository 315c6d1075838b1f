# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""What a recipe says, in the core's own words; the recipe has checked itself."""

from regcore._native.status cimport resolve_level

from regcore._native import choices


cdef dict FLAVOURS = dict(zip(choices.FLAVOURS, (
    <int>Flavour.kPillow, <int>Flavour.kTorch, <int>Flavour.kTorchFloat, <int>Flavour.kTorchPlain,
    <int>Flavour.kOpencv, <int>Flavour.kTensorflow, <int>Flavour.kTensorflowAntialias
), strict=True))
cdef dict FILTERS = dict(zip(choices.RECIPE_FILTERS, (
    <int>Filter.kBox, <int>Filter.kBilinear, <int>Filter.kHamming, <int>Filter.kBicubic,
    <int>Filter.kLanczos, <int>Filter.kNearest, <int>Filter.kArea,
    <int>Filter.kNearestExact, <int>Filter.kLanczos5, <int>Filter.kGaussian, <int>Filter.kMitchell
), strict=True))
cdef dict PASS_ORDERS = dict(zip(choices.PASS_ORDERS, (
    <int>PassOrder.kPillow9, <int>PassOrder.kPillow13
), strict=True))
cdef dict FITS = dict(zip(choices.FITS, (
    <int>Resize.kExact, <int>Resize.kInside, <int>Resize.kOutside, <int>Resize.kOutsideFactor
), strict=True))
cdef dict CROP_OFFSETS = dict(zip(choices.CROP_OFFSETS, (
    <int>CropOffset.kHalfEven, <int>CropOffset.kFloor, <int>CropOffset.kTowardZero
), strict=True))
cdef dict CHANNELS = dict(zip(choices.CHANNELS, (
    <int>Channels.kRgb, <int>Channels.kBgr, <int>Channels.kGray
), strict=True))
cdef dict ARITHMETICS = dict(zip(choices.ARITHMETICS, (
    <int>Arithmetic.kFloat32, <int>Arithmetic.kProduct, <int>Arithmetic.kFloat64
), strict=True))
cdef dict DTYPES = dict(zip(choices.DTYPES, (
    <int>DataType.kFloat32, <int>DataType.kFloat16, <int>DataType.kBfloat16,
    <int>DataType.kUint8, <int>DataType.kInt8
), strict=True))
cdef dict LAYOUTS = dict(zip(choices.LAYOUTS, (<int>Layout.kNchw, <int>Layout.kNhwc), strict=True))
cdef dict ON_WARNING = dict(zip(choices.ON_WARNING, (
    <int>OnWarning.kIgnore, <int>OnWarning.kReport, <int>OnWarning.kFail
), strict=True))


cdef CropRule crop_rule(recipe) except *:
    cdef CropRule rule
    if recipe.resize is None:
        rule.resize = Resize.kNone
        rule.height = rule.width = 1
    elif isinstance(recipe.resize, int):
        rule.resize = Resize.kShortSide
        rule.height = rule.width = recipe.resize
    else:
        rule.resize = <Resize><int>FITS[recipe.fit]
        rule.height, rule.width = recipe.resize
    rule.crop_height, rule.crop_width = recipe.size
    rule.offset = <CropOffset><int>CROP_OFFSETS[recipe.crop_offset]
    rule.pads = recipe.fill is not None
    return rule


cdef ValueFormula value_formula(recipe) except *:
    cdef ValueFormula formula
    formula.divisor = recipe.divisor
    for c in range(3):
        formula.mean[c] = recipe.mean[c % len(recipe.mean)]
        formula.std[c] = recipe.std[c % len(recipe.std)]
        formula.second_std[c] = 1
        if recipe.second_std is not None:
            formula.second_std[c] = recipe.second_std[c % len(recipe.second_std)]
    formula.quant_scale = recipe.quant_scale or 0
    formula.quant_zero_point = recipe.quant_zero_point
    formula.arithmetic = <Arithmetic><int>ARITHMETICS[recipe.arithmetic]
    return formula


cdef PreprocessSpec spec_of(recipe, MemoryBudget* memory, dict options) except *:
    """options: full_decode, on_warning, max_file_bytes, max_pixels, max_scans."""
    cdef PreprocessSpec spec
    spec.crop = crop_rule(recipe)
    for c in range(3):
        spec.fill[c] = 0 if recipe.fill is None else recipe.fill[c]
    spec.apply_orientation = recipe.exif == "apply"
    spec.flavour = <Flavour><int>FLAVOURS[recipe.flavour]
    spec.filter = <Filter><int>FILTERS[recipe.filter]
    spec.order = PassOrder.kPillow13
    if recipe.flavour == "pillow":
        spec.order = <PassOrder><int>PASS_ORDERS[recipe.pass_order]
    spec.formula = value_formula(recipe)
    spec.channels = <Channels><int>CHANNELS[recipe.channels]
    spec.type = <DataType><int>DTYPES[recipe.dtype]
    spec.layout = <Layout><int>LAYOUTS[recipe.layout]
    spec.full_decode = options["full_decode"]
    spec.on_warning = <OnWarning><int>ON_WARNING[options["on_warning"]]
    spec.level = resolve_level()
    spec.limits.file_bytes = options["max_file_bytes"]
    spec.limits.pixels = options["max_pixels"]
    spec.limits.scans = options["max_scans"]
    spec.memory = memory
    return spec
