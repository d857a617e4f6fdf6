// An architecture of one's own (tests/models/tiny_generator.hpp) goes wherever a generator goes.
#include <errors.hpp>
#include <models/tiny_generator.hpp>

#include "eval/bench_fixture.hpp"

#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {
namespace {

using namespace testing_bench;
using testing_errors::expect_error;
using testing_generators::LinearTile;
using testing_generators::LinearTileConfig;

// The one line.
const bool registered = register_generator<LinearTileConfig>();

const json linear_tile{{"architecture", "linear_tile"}, {"condition", 6}, {"size", 4}, {"resampler", "tile"}};

TEST_F(BenchTest, ARowTrainsAGeneratorOfOnesOwnArchitecture) {
  ASSERT_TRUE(registered);
  json given = t2ue_plan();
  given["methods"][1]["options"]["generator"] = linear_tile;
  const auto published = [&](int rounds, int64_t shared) {
    given["methods"][1]["options"]["policy"]["rounds"] = rounds;
    given["methods"][1]["options"]["keywords"] = shared;
    const std::string out = concat("out", rounds, "-", shared);
    for (const CellResult& cell : run(given, out)) EXPECT_TRUE(cell.done()) << cell.result.dump();
    const std::vector<fs::path> models = models_in(root / out);
    EXPECT_EQ(models.size(), 1u);
    T2ueSource source(models.at(0));
    EXPECT_EQ(source.config().architecture(), "linear_tile");
    EXPECT_EQ(source.config().bound.resampler, Resampler::tile);
    EXPECT_EQ(source.config().as<LinearTileConfig>().size, 4);
    std::vector<Noise> noise =
        source.make(std::vector<NoiseItem>{{"a", "a red", {}, nullptr}, {"b", "a blue", {}, nullptr}});
    source.set_seed(77);
    const std::vector<Noise> other = source.make(std::vector<NoiseItem>{{"a", "a red", {}, nullptr}});
    EXPECT_NE(other[0], noise[0]) << "latents of any shape are drawn by the seed";
    return noise;
  };
  const std::vector<Noise> few = published(1, 0), many = published(6, 0);
  EXPECT_EQ(few[0].width, 4);
  EXPECT_NE(few[0], few[1]) << "captions have noises of their own";
  EXPECT_NE(few[0], many[0]) << "it learns";
  int largest = 0;
  for (const int8_t step : many[0].steps) largest = std::max(largest, std::abs(int{step}));
  EXPECT_GT(largest, 0);
  EXPECT_LE(largest, 8);
}

TEST(OwnGenerator, ConfigurationsNameTheirArchitecture) {
  const GeneratorConfig config = generator_config_from_json(linear_tile, "mine");
  EXPECT_EQ(config.condition(), 6);
  EXPECT_EQ(config.latents(), 6);
  json written = to_json(config);
  EXPECT_EQ(written.at("architecture"), "linear_tile");
  EXPECT_EQ(to_json(generator_config_from_json(written, "mine")), written);
  Generator generator(config);
  const ParameterSet parameters(generator, 1);
  EXPECT_EQ(parameters.all().front()->name, "of_text.weight");
  EXPECT_NO_THROW(generator.as<LinearTile>());
  expect_error([&] { generator.as<SsaGenerator>(); }, {"mine", "linear_tile"});

  EXPECT_FALSE(to_json(generator_config("t2ue")).contains("architecture")) << "as files of before have it";
  written["architecture"] = "linear_tiles";
  expect_error([&] { generator_config_from_json(written, "mine"); },
               {"linear_tiles", "linear_tile", "patterns", "ssa", "register_generator"});
  json wrong = linear_tile;
  wrong["latent"] = 4;
  expect_error([&] { generator_config_from_json(wrong, "mine"); }, {"'latent'"});
}

struct Usurper : LinearTileConfig {};

TEST(OwnGenerator, ANameBelongsToOneArchitecture) {
  EXPECT_TRUE(register_generator<LinearTileConfig>()) << "once more does no harm";
  expect_error([] { register_generator<Usurper>(); }, {"linear_tile", "another name"});
  EXPECT_THAT(generator_architectures(), testing::UnorderedElementsAre("linear_tile", "patterns", "ssa"));
}

}  // namespace
}  // namespace t2ue
