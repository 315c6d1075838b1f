// Rows of scores as callers hold them: any of five types, rows at any distance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace regcore {

enum class ScoreType { kFloat32 = 0, kFloat16, kBfloat16, kInt8, kUint8 };

inline constexpr size_t kScoreTypes = 5;

// Each type as it is stored, and its exact value as a float. kLowest is not above any score,
// kHighest not below any.
struct Float32 {
  using Storage = float;
  static constexpr Storage kLowest = std::numeric_limits<float>::quiet_NaN();
  static constexpr float kHighest = std::numeric_limits<float>::infinity();
  static constexpr ScoreType kType = ScoreType::kFloat32;
  static float Value(float stored) { return stored; }
};

struct Float16 {
  using Storage = uint16_t;
  static constexpr Storage kLowest = 0x7E00;  // NaN
  static constexpr float kHighest = std::numeric_limits<float>::infinity();
  static constexpr ScoreType kType = ScoreType::kFloat16;
  static float Value(uint16_t stored);
};

struct Bfloat16 {
  using Storage = uint16_t;
  static constexpr Storage kLowest = 0x7FC0;  // NaN
  static constexpr float kHighest = std::numeric_limits<float>::infinity();
  static constexpr ScoreType kType = ScoreType::kBfloat16;
  static float Value(uint16_t stored);
};

struct Int8 {
  using Storage = int8_t;
  static constexpr Storage kLowest = -128;
  static constexpr float kHighest = 127;
  static constexpr ScoreType kType = ScoreType::kInt8;
  static float Value(int8_t stored) { return stored; }
};

struct Uint8 {
  using Storage = uint8_t;
  static constexpr Storage kLowest = 0;
  static constexpr float kHighest = 255;
  static constexpr ScoreType kType = ScoreType::kUint8;
  static float Value(uint8_t stored) { return stored; }
};

// Score `i` of a row, which may be unaligned.
template <typename T>
typename T::Storage StoredAt(const uint8_t* row, size_t i) {
  typename T::Storage stored;
  std::memcpy(&stored, row + i * sizeof(stored), sizeof(stored));
  return stored;
}

template <typename T>
float ValueAt(const uint8_t* row, size_t i) {
  return T::Value(StoredAt<T>(row, i));
}

// `rows` rows of `classes` scores each, `stride` bytes apart.
struct Scores {
  const uint8_t* data = nullptr;
  ptrdiff_t stride = 0;
  size_t rows = 0;
  size_t classes = 0;
  ScoreType type = ScoreType::kFloat32;

  const uint8_t* Row(size_t row) const { return data + static_cast<ptrdiff_t>(row) * stride; }

  // So many bytes after a score is one that is read some kPrefetchBytes later, mostly in the same
  // column of a later row. It has to be on its way before, while other things are computed, and
  // hardware looks only a little ahead of the loads that the processor has come to.
  ptrdiff_t PrefetchDistance() const;

 private:
  static constexpr size_t kPrefetchBytes = 12288;  // found by trying
};

// Calls run(T{}) with the type of `type`.
template <typename Run>
decltype(auto) WithScoreType(ScoreType type, const Run& run) {
  switch (type) {
    case ScoreType::kFloat16:
      return run(Float16{});
    case ScoreType::kBfloat16:
      return run(Bfloat16{});
    case ScoreType::kInt8:
      return run(Int8{});
    case ScoreType::kUint8:
      return run(Uint8{});
    default:
      return run(Float32{});
  }
}

}  // namespace regcore
