// TopK and FindLabelRanks against a stable sort, on rows with nothing past their ends.
#include "scores/topk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/kernel_test.h"
#include "random.h"
#include "scores/label_ranks.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

enum class Content {
  kAnyBits,
  kNormal,
  kFewValues,
  kConstant,
  kAscending,
  kDescending,
  kMostlyNan,
  kClusters
};

constexpr int kContents = 8;

struct Case {
  ScoreType type = ScoreType::kFloat32;
  Content content = Content::kAnyBits;
  size_t rows = 1;
  size_t classes = 1;
  size_t k = 1;

  std::string Text() const {
    return "type " + std::to_string(static_cast<int>(type)) + " content " +
           std::to_string(static_cast<int>(content)) + " of " + std::to_string(rows) + " x " +
           std::to_string(classes) + " k " + std::to_string(k);
  }
};

// Any bits that mean `value` in the type, or a number near it.
template <typename T>
typename T::Storage Stored(float value) {
  if constexpr (std::is_same_v<T, Float32>) return value;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if constexpr (std::is_same_v<T, Bfloat16>) return static_cast<uint16_t>(bits >> 16);
  if constexpr (std::is_same_v<T, Float16>) {
    const uint32_t sign = bits >> 16 & 0x8000u;
    if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7E01u);
    const float size = std::min(std::fabs(value), 60000.0f);
    if (size < 0x1p-14f) return static_cast<uint16_t>(sign | static_cast<uint32_t>(size * 0x1p24f));
    const uint32_t rebased = (std::bit_cast<uint32_t>(size) >> 13) - (112u << 10);
    return static_cast<uint16_t>(sign | rebased);
  }
  if constexpr (std::is_same_v<T, Int8> || std::is_same_v<T, Uint8>) {
    const float low = std::is_same_v<T, Int8> ? -128.0f : 0.0f;
    const float number = std::isnan(value) ? low : std::clamp(value * 20, low, low + 255);
    return static_cast<typename T::Storage>(number);
  }
}

// Rows of a case at any alignment, some with gaps between them; and every score as a float.
class Table {
 public:
  template <typename T>
  Table(T, const Case& c, Random* random) {
    using Storage = typename T::Storage;
    const size_t row = c.classes * sizeof(Storage);
    const size_t stride = row + static_cast<size_t>(random->Between(0, 1) * random->Between(0, 70));
    const size_t lead = static_cast<size_t>(random->Between(0, 7));
    bytes_ = random->Bytes(lead + stride * (c.rows - 1) + row);
    scores_ = {bytes_.get() + lead, static_cast<ptrdiff_t>(stride), c.rows, c.classes, c.type};
    for (size_t r = 0; r < c.rows; ++r) {
      uint8_t* at = bytes_.get() + lead + r * stride;
      for (size_t i = 0; i < c.classes; ++i) {
        if (c.content != Content::kAnyBits) {
          const Storage stored = Stored<T>(Value(c, i, random));
          std::memcpy(at + i * sizeof(Storage), &stored, sizeof(Storage));
        }
        values_.push_back(ValueAt<T>(at, i));
      }
    }
  }

  // Rows side by side of scores of 16 bits.
  Table(const std::vector<uint16_t>& stored, const Case& c) {
    const size_t bytes = stored.size() * sizeof(uint16_t);
    bytes_ = std::make_unique<uint8_t[]>(bytes);
    std::memcpy(bytes_.get(), stored.data(), bytes);
    scores_ = {bytes_.get(), static_cast<ptrdiff_t>(c.classes * sizeof(uint16_t)), c.rows,
               c.classes, c.type};
    WithScoreType(c.type, [&](auto type) {
      for (size_t i = 0; i < stored.size(); ++i) {
        values_.push_back(ValueAt<decltype(type)>(bytes_.get(), i));
      }
    });
  }

  const Scores& scores() const { return scores_; }
  const float* Row(size_t r) const { return values_.data() + r * scores_.classes; }

 private:
  static float Value(const Case& c, size_t i, Random* random) {
    constexpr float kFew[] = {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, NAN, 1e-42f, -1e-42f};
    switch (c.content) {
      case Content::kFewValues:
        return kFew[random->Between(0, 8)];
      case Content::kConstant:
        return 0.25f;
      case Content::kAscending:
        return static_cast<float>(i);
      case Content::kDescending:
        return -static_cast<float>(i);
      case Content::kMostlyNan:
        return random->Between(0, 99) == 0 ? kFew[random->Between(0, 8)] : NAN;
      case Content::kClusters:  // in which the best scores of a row are neighbours
        return static_cast<float>(random->Real(-3, 3)) + (i % 97 < 6 ? 5.0f : 0.0f);
      default:
        return static_cast<float>(random->Real(-3, 3) + random->Real(-3, 3));
    }
  }

  std::unique_ptr<uint8_t[]> bytes_;
  std::vector<float> values_;
  Scores scores_;
};

// The order of topk.h in as few words.
std::vector<int64_t> StableOrder(const float* row, size_t classes) {
  std::vector<int64_t> order(classes);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [row](int64_t a, int64_t b) {
    return row[a] > row[b] || (std::isnan(row[b]) && !std::isnan(row[a]));
  });
  return order;
}

bool TopKIsRight(const Case& c, const Table& table, SimdLevel level) {
  constexpr size_t kItemBytes[kScoreTypes] = {4, 2, 4, 1, 1};
  const size_t item = kItemBytes[static_cast<size_t>(c.type)];
  const std::unique_ptr<uint8_t[]> values(new uint8_t[c.rows * c.k * item]);
  const std::unique_ptr<int64_t[]> indices(new int64_t[c.rows * c.k]);
  const TopK topk(table.scores(), c.k, level);
  AlignedBuffer scratch;
  if (!topk.Reserve(&scratch).ok()) return false;
  topk.Run(0, c.rows, values.get(), indices.get(), &scratch);
  for (size_t r = 0; r < c.rows; ++r) {
    const std::vector<int64_t> expected = StableOrder(table.Row(r), c.classes);
    const int64_t* actual = indices.get() + r * c.k;
    if (!std::equal(actual, actual + c.k, expected.begin())) return false;
    for (size_t i = 0; i < c.k; ++i) {
      const uint8_t* value = values.get() + (r * c.k + i) * item;
      const size_t index = static_cast<size_t>(expected[i]);
      if (c.type == ScoreType::kBfloat16) {
        if (std::memcmp(value, table.Row(r) + index, item) != 0) return false;
      } else {
        if (std::memcmp(value, table.scores().Row(r) + index * item, item) != 0) return false;
      }
    }
  }
  return true;
}

bool PlacesAreRight(const Case& c, const Table& table, SimdLevel level, Random* random) {
  std::vector<int64_t> labels(c.rows);
  for (int64_t& label : labels) label = random->Between(0, static_cast<int>(c.classes) - 1);
  std::vector<int32_t> found(4 * c.rows);
  const LabelRanks places = {found.data(), found.data() + c.rows, found.data() + 2 * c.rows,
                             found.data() + 3 * c.rows};
  FindLabelRanks(table.scores(), labels.data(), level, 0, c.rows, places);
  for (size_t r = 0; r < c.rows; ++r) {
    const float* row = table.Row(r);
    const size_t label = static_cast<size_t>(labels[r]);
    int32_t above = 0, before = 0, after = 0, nan = 0;
    for (size_t i = 0; i < c.classes; ++i) {
      above += row[i] > row[label];
      (i < label ? before : after) += i != label && row[i] == row[label];
      if (std::isnan(row[i])) nan = 1;
    }
    if (std::isnan(row[label])) above = static_cast<int32_t>(c.classes);
    if (places.above[r] != above || places.ties_before[r] != before ||
        places.ties_after[r] != after || places.nan[r] != nan) {
      return false;
    }
  }
  return true;
}

void CheckCase(SimdLevel level, const Case& c, Random* random) {
  const Table table = WithScoreType(c.type, [&](auto type) { return Table(type, c, random); });
  const std::string what = std::string(SimdName(level)) + " " + c.Text();
  EXPECT_TRUE(TopKIsRight(c, table, level)) << "topk " << what;
  EXPECT_TRUE(PlacesAreRight(c, table, level, random)) << "ranks " << what;
}

Case RandomCase(Random* random) {
  Case c;
  c.type = static_cast<ScoreType>(random->Between(0, kScoreTypes - 1));
  c.content = static_cast<Content>(random->Between(0, kContents - 1));
  c.classes = static_cast<size_t>(random->Scale(1, random->Between(0, 9) == 0 ? 21'000 : 1'100));
  c.rows = c.classes > 2'000 ? 1 : static_cast<size_t>(random->Between(1, 3));
  c.k = std::min(static_cast<size_t>(random->Scale(1, 1 + static_cast<double>(c.classes))),
                 c.classes);
  return c;
}

// All orders of eight scores that rise above a row: the whole truth about what sorts so few.
class TopKTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, TopKTest, testing::ValuesIn(SupportedSimdLevels()), LevelName);

template <typename T>
bool BestEightAreRight(SimdLevel level) {
  using Storage = typename T::Storage;
  constexpr size_t kClasses = 100, kBest = 8;
  Storage row[kClasses] = {};
  const Scores scores = {reinterpret_cast<const uint8_t*>(row), sizeof(row), 1, kClasses, T::kType};
  const TopK topk(scores, kBest, level);
  AlignedBuffer scratch;
  bool ok = topk.Reserve(&scratch).ok();
  std::vector<Storage> best;  // not an array, of whose end GCC 12 is not sure
  for (size_t i = 0; i < kBest; ++i) best.push_back(Stored<T>(static_cast<float>(1 + i) / 2));
  const std::vector<Storage> highest(best.rbegin(), best.rend());
  do {
    for (size_t i = 0; i < kBest; ++i) row[11 * i] = best[i];
    Storage values[kBest];
    int64_t indices[kBest];
    topk.Run(0, 1, reinterpret_cast<uint8_t*>(values), indices, &scratch);
    for (size_t i = 0; i < kBest; ++i) {
      ok = ok && values[i] == highest[i] && row[indices[i]] == values[i];
    }
  } while (std::next_permutation(best.begin(), best.end()));
  return ok;
}

TEST_P(TopKTest, PermutationsOfTheBestEight) {
  EXPECT_TRUE(BestEightAreRight<Float32>(level()));
  EXPECT_TRUE(BestEightAreRight<Float16>(level()));
  EXPECT_TRUE(BestEightAreRight<Int8>(level()));
  EXPECT_TRUE(BestEightAreRight<Uint8>(level()));
}

// The best of a row that falls, with a NaN anywhere else in it.
template <typename T>
bool BestBesideNanIsFound(SimdLevel level, uint32_t nan) {
  using Storage = typename T::Storage;
  constexpr size_t kClasses = 200, kBest = 3;
  Storage row[kClasses];
  const Scores scores = {reinterpret_cast<const uint8_t*>(row), sizeof(row), 1, kClasses, T::kType};
  const TopK topk(scores, kBest, level);
  AlignedBuffer scratch;
  if (!topk.Reserve(&scratch).ok()) return false;
  for (size_t best = kBest; best < kClasses; best += 7) {
    for (size_t other = kBest; other < kClasses; ++other) {
      if (other == best) continue;
      for (size_t i = 0; i < kClasses; ++i) row[i] = Stored<T>(-1 - static_cast<float>(i));
      row[best] = Stored<T>(1);
      std::memcpy(row + other, &nan, sizeof(Storage));
      Storage values[kBest];
      int64_t indices[kBest];
      topk.Run(0, 1, reinterpret_cast<uint8_t*>(values), indices, &scratch);
      if (indices[0] != static_cast<int64_t>(best) || indices[1] != 0 || indices[2] != 1) {
        return false;
      }
    }
  }
  return true;
}

// Some instructions return a signalling NaN's quiet twin where they leave a quiet one out.
TEST_P(TopKTest, TheBestBesideNan) {
  for (uint32_t sign : {0u, 1u}) {
    for (uint32_t quiet : {0u, 1u}) {
      EXPECT_TRUE(BestBesideNanIsFound<Float32>(level(), sign << 31 | 0x7F800001u | quiet << 22))
          << sign << quiet;
      EXPECT_TRUE(BestBesideNanIsFound<Float16>(level(), sign << 15 | 0x7C01u | quiet << 9))
          << sign << quiet;
    }
  }
}

// Each beside all others of its sign, and beside few: infinities, numbers too small for an
// exponent, both zeros and every NaN among them.
TEST_P(TopKTest, EveryScoreOfSixteenBits) {
  constexpr size_t kClasses = 1024, kRows = 64;
  Random random(7);
  std::vector<uint16_t> stored(kRows * kClasses);
  std::iota(stored.begin(), stored.end(), uint16_t{0});
  for (bool mixed : {false, true}) {
    if (mixed) {
      for (size_t i = stored.size() - 1; i > 0; --i) {
        std::swap(stored[i], stored[static_cast<size_t>(random.Between(0, static_cast<int>(i)))]);
      }
    }
    for (ScoreType type : {ScoreType::kFloat16, ScoreType::kBfloat16}) {
      const Table table(stored, {type, Content::kAnyBits, kRows, kClasses, 1});
      for (size_t k : {1u, 5u, 8u, 10u, 16u, 40u, 1024u}) {
        const Case c = {type, Content::kAnyBits, kRows, kClasses, k};
        EXPECT_TRUE(TopKIsRight(c, table, level())) << c.Text() << " mixed " << mixed;
      }
    }
  }
}

// Memory of a row's maxima, no more than there must be.
struct RowMaxima {
  std::vector<float> of_chunks, of_segments;
  alignas(AlignedBuffer::kAlignment) uint8_t of_slots[kSlotBytes];
  float bound = 0;

  RowMaxima(size_t classes, size_t segments)
      : of_chunks(kGroups * ChunksOf(classes)), of_segments(kGroups * segments) {}

  Maxima Place() { return {of_chunks.data(), of_segments.data(), of_slots, &bound}; }
};

// The indices of the scores that reach a bound, and a bound of the row after, for one score of a
// row after another.
bool FewAreFound(const ScoreKernels& kernels, const Case& c, const Table& table, size_t segments,
                 Random* random) {
  RowMaxima of_first(c.classes, segments), of_second(c.classes, segments);
  const SearchedRow first = {table.scores().Row(0), 0, of_first.Place()};
  const SearchedRow second = {table.scores().Row(1), 0, of_second.Place()};
  kernels.maxima(first, c.classes, segments);
  std::vector<uint32_t> indices(c.classes + kMediumK);
  for (int i = 0; i < 20; ++i) {
    const float bound = table.Row(0)[random->Between(0, static_cast<int>(c.classes) - 1)];
    if (std::isnan(bound)) continue;
    of_first.bound = bound;
    std::vector<uint32_t> expected;
    for (uint32_t index = 0; index < c.classes; ++index) {
      if (table.Row(0)[index] >= bound) expected.push_back(index);
    }
    const SearchedRow next = i % 2 == 0 ? second : SearchedRow{};
    const size_t count = kernels.find_few(first, next, c.classes, c.k, segments, indices.data());
    if (count != expected.size()) return false;
    std::sort(indices.begin(), indices.begin() + static_cast<ptrdiff_t>(count));
    if (!std::equal(expected.begin(), expected.end(), indices.begin())) return false;
  }
  const float* row = table.Row(1);
  const auto count = [&](auto wanted) {
    return static_cast<size_t>(std::count_if(row, row + c.classes, wanted));
  };
  const size_t numbers = count([](float score) { return !std::isnan(score); });
  of_first.bound = 0;
  kernels.find_few(first, second, c.classes, c.k, segments, indices.data());
  return count([&](float score) { return score >= of_second.bound; }) >= std::min(c.k, numbers);
}

TEST_P(TopKTest, FewAreThoseThatReachTheBound) {
  Random random(8);
  for (size_t type = 0; type < kScoreTypes; ++type) {
    for (int content = 0; content < kContents; ++content) {
      for (size_t classes : {128u, 129u, 191u, 1000u, 1023u, 1040u, 4096u}) {
        const Case c = {static_cast<ScoreType>(type), static_cast<Content>(content), 2, classes,
                        static_cast<size_t>(random.Between(1, 16))};
        const Table table =
            WithScoreType(c.type, [&](auto of_type) { return Table(of_type, c, &random); });
        const ScoreKernels& kernels = ScoreKernelsFor(level(), c.type);
        for (size_t segments : {1u, 2u}) {
          EXPECT_TRUE(FewAreFound(kernels, c, table, segments, &random))
              << c.Text() << " segments " << segments;
        }
      }
    }
  }
}

TEST_P(TopKTest, FewInOrder) {
  Random random(9);
  for (size_t type = 0; type < kScoreTypes; ++type) {
    for (int content = 0; content < kContents; ++content) {
      const Case c = {static_cast<ScoreType>(type), static_cast<Content>(content), 1, 4096, 1};
      const Table table =
          WithScoreType(c.type, [&](auto of_type) { return Table(of_type, c, &random); });
      for (size_t count = 1; count <= kMediumK; ++count) {
        std::vector<uint32_t> indices;
        for (uint32_t i = static_cast<uint32_t>(random.Between(0, 2000));
             i < c.classes && indices.size() < count;
             i += static_cast<uint32_t>(random.Between(1, 3))) {
          if (!std::isnan(table.Row(0)[i])) indices.push_back(i);
        }
        if (indices.empty()) continue;
        std::vector<uint32_t> expected = indices;
        std::stable_sort(expected.begin(), expected.end(),
                         [&](uint32_t a, uint32_t b) { return table.Row(0)[a] > table.Row(0)[b]; });
        const size_t found = indices.size();
        indices.resize(found + kMediumK);
        uint64_t keys[kMediumK];
        ScoreKernelsFor(level(), c.type)
            .order_few(table.scores().Row(0), indices.data(), found, keys);
        for (size_t i = 0; i < std::min(found, kGroups); ++i) {
          EXPECT_EQ(IndexOf(keys[i]), expected[i]) << c.Text() << " place " << i << " of " << found;
        }
      }
    }
  }
}

TEST(ScoresTest, WhatIsPrefetchedIsReadLater) {
  const auto ahead = [](ptrdiff_t stride, size_t classes, ScoreType type) {
    return Scores{nullptr, stride, 9, classes, type}.PrefetchDistance();
  };
  EXPECT_TRUE(ahead(4000, 1000, ScoreType::kFloat32) == 3 * 4000) << "ahead of rows side by side";
  EXPECT_TRUE(ahead(-9000, 1000, ScoreType::kFloat32) == 3 * -9000) << "ahead of reversed rows";
  EXPECT_TRUE(ahead(0, 1000, ScoreType::kInt8) == 0) << "ahead of one row repeated";
  const ptrdiff_t within = ahead(100'000, 20'000, ScoreType::kFloat16);
  EXPECT_TRUE(0 < within && within < 40'000) << "ahead in a long row";
}

TEST_P(TopKTest, EveryNumberOfClasses) {
  Random random(4);
  for (size_t type = 0; type < kScoreTypes; ++type) {
    for (int content = 0; content < kContents; ++content) {
      for (size_t classes = 1; classes <= 210; classes += classes < 20 ? 1 : 5) {
        for (size_t k : {5u, 8u, 9u, 16u}) {
          const Case c = {static_cast<ScoreType>(type), static_cast<Content>(content), 2, classes,
                          std::min(classes, k)};
          CheckCase(level(), c, &random);
        }
      }
    }
  }
}

TEST_P(TopKTest, ManyRows) {
  Random random(5);
  for (size_t type = 0; type < kScoreTypes; ++type) {
    for (int content = 0; content < kContents; ++content) {
      for (size_t classes : {1000u, 1001u, 1024u, 4096u, 4097u}) {
        const Case c = {static_cast<ScoreType>(type), static_cast<Content>(content), 20, classes,
                        static_cast<size_t>(random.Between(1, 16))};
        CheckCase(level(), c, &random);
      }
    }
  }
}

TEST_P(TopKTest, RandomCases) {
  Random random(6);
  const int cases = Cases(400, 3000);
  for (int i = 0; i < cases; ++i) CheckCase(level(), RandomCase(&random), &random);
}

}  // namespace
}  // namespace regcore
