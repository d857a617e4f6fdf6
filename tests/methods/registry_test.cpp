#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/surrogate_methods.hpp>

#include "data/pictures.hpp"
#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::expect_sound;

MethodFacts facts() {
  MethodFacts facts;
  facts.height = 16;
  facts.width = 24;
  facts.label_names = {"a", "b", "c", "d"};
  facts.captions = testing_methods::captions();
  facts.items = testing_methods::items(12, 4);
  auto statistics = std::make_shared<OnePixelStatistics>(4, 16, 24);
  for (int label = 0; label < 4; ++label)
    statistics->add(testing_data::random_image(16, 24, 3, static_cast<uint64_t>(label)), label);
  facts.one_pixel = statistics;
  return facts;
}

TEST(Registry, EveryMethodIsMadeFromItsDefaultsAndKeepsItsCard) {
  const MethodFacts all = facts();
  std::set<std::string> names;
  for (const std::string& name : method_names()) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.insert(name).second) << "twice";
    EXPECT_FALSE(method_named(name).card.summary.empty());
    if (method_named(name).training)
      continue;  // want files: t2ue_source_test, word_patterns_test, table_noise_test
    const MethodCard& promised = method_named(name).card;
    const Method method = make_method(name, nlohmann::json::object(), all);
    EXPECT_EQ(method.noise == nullptr, !promised.additive);
    EXPECT_EQ(method.transform == nullptr, promised.additive);
    EXPECT_EQ(method.card().name, name == "shuffled" ? "shuffled_random_sign" : name);
    EXPECT_EQ(method.card().norm, promised.norm);
    EXPECT_EQ(method.card().needs_text, promised.needs_text);
    EXPECT_EQ(method.card().needs_label, promised.needs_label);
    EXPECT_EQ(method.card().needs_image, promised.needs_image);
    EXPECT_EQ(method.card().independence, promised.independence);
    if (method.noise) {
      const std::shared_ptr<NoiseSource> again = make_noise_source(name, nullptr, all);
      for (const Noise& noise : expect_sound(*method.noise, *again, all.items))
        EXPECT_TRUE(method.card().resampler == Resampler::tile || (noise.height == 16 && noise.width == 24));
    } else {
      const Image picture = testing_data::random_image(16, 24, 3, 9);
      const Image result = method.transform->apply(all.items[1], picture);
      EXPECT_NE(result.pixels, picture.pixels);
      EXPECT_EQ(make_method(name, {}, all).transform->apply(all.items[1], picture).pixels, result.pixels);
    }
  }
  EXPECT_EQ(names.size(), 17 + surrogate_methods().size());
}

TEST(Registry, EveryOptionIsRead) {
  // Each option's default given explicitly is accepted, unless it belongs to the other norm or to the other
  // kind of features, and a seed of 1 makes another noise.
  const MethodFacts all = facts();
  for (const MethodEntry& method : all_methods()) {
    SCOPED_TRACE(method.card.name);
    if (method.training) continue;
    for (const MethodOption& option : method.options) {
      const nlohmann::json value = nlohmann::json::parse(option.otherwise);
      if (option.name == "l2" || (option.name == "eps_steps" && method.card.norm == Norm::l2)) continue;
      EXPECT_NO_THROW(make_method(method.card.name, {{option.name, value}}, all)) << option.name;
      if (option.name != "seed" || !method.card.additive) continue;
      const auto source = make_noise_source(method.card.name, {{"seed", 1}}, all);
      EXPECT_NE(source->make(all.items), make_noise_source(method.card.name, {}, all)->make(all.items));
    }
  }
}

TEST(Registry, OptionsReachTheMethod) {
  const MethodFacts all = facts();
  EXPECT_EQ(make_noise_source("uniform", {{"eps_steps", 3}}, all)->card().max_steps(), 3);
  EXPECT_EQ(make_noise_source("ar", {{"norm", "linf"}, {"eps_steps", 4}}, all)->card().max_steps(), 4);
  EXPECT_EQ(make_noise_source("ar", {{"l2", 0.5}}, all)->card().eps, 0.5f);
  EXPECT_EQ(make_noise_source("text_lsp", {{"norm", "l2"}, {"l2", 2}}, all)->card().eps, 2.0f);
  const auto shuffled = make_noise_source(
      "shuffled", {{"method", "class_patches"}, {"options", {{"patch", 2}, {"eps_steps", 5}}}}, all);
  EXPECT_EQ(shuffled->card().name, "shuffled_class_patches");
  EXPECT_EQ(shuffled->card().max_steps(), 5);
  MethodFacts given = all;
  given.features = word_features(all.captions, 8);
  given.features.name = "a text tower";
  EXPECT_EQ(make_noise_source("caption_cluster", {{"features", "given"}}, given)->card().surrogate,
            "a text tower");
}

TEST(Registry, RefusesWhatIsWrongAndSaysSo) {
  const MethodFacts all = facts(), none;
  const auto refused = [&](const std::string& name, const nlohmann::json& options, const MethodFacts& facts,
                           const std::vector<std::string>& parts) {
    SCOPED_TRACE(name + options.dump());
    expect_error([&] { make_method(name, options, facts); }, parts);
  };
  refused("nothing", {}, all, {"'nothing'", "random_sign", "t2ue"});
  refused("uniform", {{"patch", 4}}, all, {"'patch'", "eps_steps, seed"});
  refused("uniform", {{"eps_steps", "8"}}, all, {"eps_steps", "type"});
  refused("uniform", {{"eps_steps", 8.5}}, all, {"eps_steps", "type"});
  refused("uniform", {{"eps_steps", 128}}, all, {"eps_steps", "128"});
  refused("uniform", {{"eps_steps", int64_t{1} << 40}}, all, {"eps_steps"});
  refused("uniform", {{"seed", -1}}, all, {"seed", "negative"});
  refused("uniform", nlohmann::json::array({1}), all, {"object"});
  refused("ar", {}, none, {"ar", "no labels"});
  refused("ar", {{"norm", "l0"}}, all, {"'l0'", "linf, l2"});
  refused("ar", {{"norm", "l3"}}, all, {"l3"});
  refused("ar", {{"eps_steps", 8}}, all, {"'eps_steps' does not go with the norm l2"});
  refused("ar", {{"norm", "linf"}, {"l2", 1}}, all, {"'l2' does not go with the norm linf"});
  refused("ar", {{"l2", 0}}, all, {"not positive"});
  refused("ops", {}, none, {"ops", "statistics"});
  refused("ops", {{"seed", 1}}, all, {"'seed'", "none"});
  refused("caption_cluster", {}, none, {"captions"});
  refused("caption_cluster", {{"features", "given"}}, all, {"no features were given"});
  refused("caption_cluster", {{"features", "clip"}}, all, {"'clip'"});
  refused("caption_hierarchy", {{"fine", 1}}, all, {"'fine' is 1"});
  refused("shuffled", {}, none, {"items"});
  refused("shuffled", {{"method", "shuffled"}}, all, {"itself"});
  refused("shuffled", {{"method", "ops"}}, all, {"ops", "PictureTransform"});
  refused("t2ue", {}, all, {"'generator_file'", "t2ue train generator"});
  refused("t2ue", {{"generator_file", "/nowhere/at/all"}}, all, {"/nowhere/at/all"});
  refused("t2ue", {{"generator_file", "x"}, {"keywords", 3}}, all, {"'keywords' is for training"});
  expect_error([&] { make_noise_source("class_filter", {}, all); }, {"class_filter", "PictureTransform"});
  MethodFacts many = all;
  many.label_names.resize(37);
  refused("class_textures", {}, many, {"36 textures", "37 classes"});
}

TEST(Registry, FactsComeFromAnIndex) {
  DatasetIndex index;
  index.label_names = {"cat", "dog"};
  index.records = {{"one", {}, {"a cat", "cats"}, 0, 0}, {"two", {}, {"a dog"}, 1, 0}};
  const MethodFacts facts = method_facts(index, 8, 12);
  EXPECT_EQ(facts.label_names, index.label_names);
  EXPECT_THAT(facts.captions, testing::ElementsAre("a cat", "cats", "a dog"));
  EXPECT_EQ(facts.height, 8);
  EXPECT_EQ(facts.width, 12);
}

TEST(Registry, CardsAsJson) {
  const nlohmann::json json = to_json(method_named("ops").card);
  EXPECT_EQ(json.at("additive"), false);
  EXPECT_EQ(json.at("norm"), "l0");
  EXPECT_EQ(json.at("independence"), "image-statistics");
  EXPECT_EQ(json.at("cost"), "A");
  EXPECT_FALSE(json.contains("resampler"));
  EXPECT_EQ(to_json(method_named("class_textures").card).at("resampler"), "tile");
  EXPECT_EQ(to_json(method_named("t2ue").card).at("cost"), "G");
}

}  // namespace
}  // namespace t2ue
