// Published weights from the command line: import, export, and a generator trained against them.
#include <paths.hpp>
#include <sstream>
#include <t2ue/core/plan.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/weights/clip_export.hpp>
#include <t2ue/models/weights/clip_import.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/clip_file.hpp>

#include "apps/program.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_data::fresh_folder;

/// A tiny CLIP of the kind that is published: a vision transformer, and CLIP's vocabulary of 764 tokens.
struct Published : testing::Test {
  std::filesystem::path folder = fresh_folder(), config = folder / "tiny.json",
                        weights = folder / "weights.safetensors",
                        vocabulary = testing_paths::reference_path("clip_bpe");

  Published() {
    write_file(config, R"({"embed_dim": 16, "quick_gelu": true,
      "vision_cfg": {"image_size": 8, "layers": 1, "width": 12, "head_width": 6, "patch_size": 4},
      "text_cfg": {"context_length": 16, "vocab_size": 764, "width": 16, "heads": 2, "layers": 1}})");
    write_weights(weights);
  }
  void write_weights(const std::filesystem::path& path, ClipNames names = ClipNames::open_clip) const {
    Clip model(clip_config(config));
    export_clip(path, model, ParameterSet(model, 5), names);
  }
  /// Hugging Face's form in two files, with the vocabulary beside it.
  std::filesystem::path write_shards(const std::filesystem::path& into) const {
    std::filesystem::create_directories(into);
    std::filesystem::copy(vocabulary / "tokenizer.json", into / "tokenizer.json");
    write_weights(folder / "whole.safetensors", ClipNames::hugging_face);
    const SafetensorsFile whole(folder / "whole.safetensors");
    SafetensorsWriter shards[2];
    nlohmann::json map;
    for (const auto& [name, view] : whole.tensors()) {
      const size_t shard = name.starts_with("text_model.") ? 0 : 1;
      shards[shard].add(name, view.dtype, view.shape, view.bytes);
      map[name] = concat("model-0000", shard + 1, "-of-00002.safetensors");
    }
    for (const size_t s : {0, 1}) shards[s].save(into / concat("model-0000", s + 1, "-of-00002.safetensors"));
    const auto index = into / "model.safetensors.index.json";
    write_file(index, std::string_view(nlohmann::json{{"weight_map", map}}.dump()));
    return index;
  }
  Words import_words(const std::filesystem::path& from, const std::filesystem::path& out) const {
    return {"import",  "clip",     "--clip", config, "--weights", from,
            "--vocab", vocabulary, "--out",  out,    "--json"};
  }
  Words generator_words(const std::filesystem::path& out) const {
    const Workshop& w = Workshop::get();
    return {"train",       "generator",      "--data",    w.pictures, "--clip", config,    "--weights",
            weights,       "--vocab",        vocabulary,  "--out",    out,      "--batch", "8",
            "--generator", w.generator_json, "--threads", "1",        "--json"};
  }
};

/// What a model file's towers say about a caption and a picture.
std::vector<float> features_of(const std::filesystem::path& file) {
  const LoadedClip clip = load_clip(file);
  CaptionEncoder encoder(clip.config().text, clip.tokenizer);
  encoder.parameters().copy_from(*clip.parameters);
  const std::vector<std::string> captions{"a red ball on a table", "nothing"};
  std::vector<float> features = encoder.encode(captions);
  std::vector<float> pixels(2 * 8 * 8 * 3);
  Random random(3, Purpose::test);
  for (float& x : pixels) x = random.normal();
  Tensor image;
  Step step([&](Graph& g) {
    const NoGrad no_grad(g);
    image = g.output(clip.model->encode_image(g.input(Tensor::of(pixels, {2, 8, 8, 3}))));
  });
  step.run();
  for (const float x : image.to_floats()) features.push_back(x);
  return features;
}

TEST_F(Published, WeightsComeBackFromARoundTripWithTheSameFeatures) {
  const Ended first = program(import_words(weights, folder / "a.safetensors"));
  ASSERT_EQ(first.code, 0) << first.err;
  const nlohmann::json report = first.json();
  EXPECT_EQ(report.at("names"), "open_clip");
  EXPECT_EQ(report.at("types").at("F32"), report.at("loaded").size());
  EXPECT_EQ(report.at("missing").size() + report.at("unexpected").size() + report.at("unfit").size(), 0U);
  const std::vector<float> features = features_of(folder / "a.safetensors");
  ASSERT_EQ(features.size(), 64U);

  for (const std::string names : {"open_clip", "hugging-face"}) {
    const Ended written = program({"export", "clip", "--model", folder / "a.safetensors", "--names", names,
                                   "--out", folder / (names + ".safetensors"), "--json"});
    ASSERT_EQ(written.code, 0) << written.err;
    EXPECT_EQ(written.json().at("sha256"), report.at("sha256"));
    const Ended again = program(import_words(folder / (names + ".safetensors"), folder / "b.safetensors"));
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(again.json().at("names"), names == "open_clip" ? "open_clip" : "Hugging Face");
    EXPECT_EQ(written.json().at("tensors"), again.json().at("loaded").size());
    EXPECT_EQ(again.json().at("sha256"), report.at("sha256"));
    EXPECT_EQ(features_of(folder / "b.safetensors"), features) << names;
  }
  EXPECT_EQ(sha256_file(folder / "open_clip.safetensors"), sha256_file(weights));
  const auto training = nlohmann::json::parse(load_clip(folder / "a.safetensors").training);
  EXPECT_EQ(training.at("imported"), "weights.safetensors");
  EXPECT_EQ(training.at("sha256"), report.at("sha256"));
}

TEST_F(Published, ShardsAndTheVocabularyBesideThemAreFound) {
  const auto index = write_shards(folder / "hub");
  const Ended ended =
      program({"import", "clip", "--clip", config, "--weights", index, "--out", folder / "m.safetensors"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Hugging Face's names"), HasSubstr("F32")));
  ASSERT_EQ(program(import_words(weights, folder / "whole.safetensors")).code, 0);
  EXPECT_EQ(features_of(folder / "m.safetensors"), features_of(folder / "whole.safetensors"));

  std::filesystem::remove(folder / "hub/model-00002-of-00002.safetensors");
  const Ended missing = program(import_words(index, folder / "n.safetensors"));
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("model-00002-of-00002.safetensors, which is not there"));
  EXPECT_FALSE(std::filesystem::exists(folder / "n.safetensors"));
}

TEST_F(Published, WeightsThatDoNotFitAreListedAndNothingIsWritten) {
  auto other = nlohmann::json::parse(read_text(config));
  other["text_cfg"]["layers"] = 3;
  other["vision_cfg"]["width"] = 18;
  write_file(config, std::string_view(other.dump()));
  const auto out = folder / "m.safetensors";
  const Ended ended = program(import_words(weights, out));
  EXPECT_EQ(ended.code, 1);
  const nlohmann::json report = ended.json();
  EXPECT_EQ(report.at("fits"), false);
  EXPECT_EQ(report.at("missing").size(), 24U);
  EXPECT_EQ(report.at("missing").at(0), "transformer.resblocks.1.attn.in_proj_bias");
  EXPECT_THAT(report.at("unfit").dump(), HasSubstr("visual.class_embedding: F32 [12], needed [18]"));
  Words plain = import_words(weights, out);
  plain.pop_back();
  const Ended text = program(plain);
  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("FAILED"), HasSubstr("missing: transformer.resblocks.1.attn.in_proj_bias"),
                    HasSubstr("missing: and 4 more"), HasSubstr("Nothing was written")));
  EXPECT_FALSE(std::filesystem::exists(out));
  const Ended training = program(generator_words(folder / "g.safetensors"));
  EXPECT_EQ(training.code, 1);
  EXPECT_THAT(training.err, AllOf(HasSubstr("does not fit the model"), HasSubstr("24 missing")));
}

TEST_F(Published, APickleIsToldHowToBeConverted) {
  write_file(folder / "ViT-B-32.pt", "PK\3\4 a zip archive of pickles");
  const Ended ended = program(import_words(folder / "ViT-B-32.pt", folder / "m.safetensors"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("pickled"), HasSubstr("safetensors.torch.save_file")));
}

TEST_F(Published, WeightsWithoutAVocabularyNameTheFlag) {
  const Ended ended =
      program({"import", "clip", "--clip", config, "--weights", weights, "--out", folder / "m.safetensors"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("--vocab"), HasSubstr(folder.string())));
}

TEST_F(Published, OurOwnModelsAreNotWeightsAndTheirTowersMayBeUnknownToOthers) {
  const Workshop& w = Workshop::get();
  const Ended ours = program(import_words(w.clip, folder / "m.safetensors"));
  EXPECT_EQ(ours.code, 1);
  EXPECT_THAT(ours.err, HasSubstr("written by t2ue itself"));
  const Ended tower = program({"export", "clip", "--model", w.clip, "--out", folder / "w.safetensors"});
  EXPECT_EQ(tower.code, 1);
  EXPECT_THAT(tower.err, HasSubstr("open_clip has no image tower"));
  EXPECT_EQ(program({"export", "clip", "--model", w.clip, "--out", "x", "--names", "keras"}).code, 2);
}

TEST_F(Published, TheyTrainAGeneratorByThePapersRecipe) {
  const auto out = folder / "g.safetensors";
  const Ended ended = program(generator_words(out) + Words{"--epochs", "3"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json json = ended.json();
  EXPECT_EQ(json.at("preset"), "paper");
  EXPECT_EQ(json.at("rounds"), 6) << "16 pictures in batches of 8, 3 times";
  const nlohmann::json& policy = json.at("policy");
  EXPECT_EQ(policy.at("surrogate_steps"), 0);
  EXPECT_EQ(policy.at("restart_every"), 0);
  EXPECT_EQ(policy.at("noise_optimizer"), "adam");
  EXPECT_EQ(policy.at("noise_beta1"), 0.0f);
  EXPECT_EQ(policy.at("noise_beta2"), 0.9f);
  EXPECT_EQ(policy.at("noise_weight_decay"), 0.0f);
  EXPECT_EQ(policy.at("noise_learning_rate"), 1e-4f);
  EXPECT_EQ(policy.at("noise_schedule"), "cosine");
  EXPECT_EQ(policy.at("noise_warmup_share"), 0.0f);
  EXPECT_EQ(policy.at("fresh_latents"), true);
  EXPECT_EQ(json.at("recipe").at("translation"), 0);
  EXPECT_EQ(json.at("recipe").at("flip"), false);
  EXPECT_EQ(json.at("recipe").at("batch"), 8) << "given, so it goes before the recipe's";
  EXPECT_EQ(json.at("generator_config").at("standardise"), false);

  // The file knows the recipe and holds the tower of the weights.
  const CheckpointReader reader(out, "generator");
  const auto training = nlohmann::json::parse(reader.state()).at("training");
  for (const char* key : {"preset", "policy", "recipe", "epochs", "surrogate", "frozen_sha256"})
    EXPECT_EQ(training.at(key), json.at(key)) << key;
  ASSERT_EQ(program(import_words(weights, folder / "clip.safetensors")).code, 0);
  const LoadedClip clip = load_clip(folder / "clip.safetensors");
  EXPECT_EQ(json.at("frozen_sha256"), clip.parameters->sha256());
  EXPECT_EQ(to_floats(SafetensorsFile(out).at("text.text_projection")),
            to_floats(SafetensorsFile(folder / "clip.safetensors").at("text_projection")));

  // The same from the imported model file, to the last bit.
  Words frozen = generator_words(folder / "h.safetensors") + Words{"--epochs", "3", "--recipe", "paper"};
  for (const char* flag : {"--clip", "--weights", "--vocab"}) {
    const auto at = std::find(frozen.begin(), frozen.end(), flag);
    frozen.erase(at, at + 2);
  }
  const Ended imported = program(frozen + Words{"--frozen", folder / "clip.safetensors"});
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(imported.json().at("noise_loss"), json.at("noise_loss"));
  EXPECT_EQ(SafetensorsFile(folder / "h.safetensors").at("generator.fc.weight").values<float>(),
            SafetensorsFile(out).at("generator.fc.weight").values<float>());
}

TEST_F(Published, ThePapersRecipeNamesTheFaithfulGenerator) {
  // Its 512 numbers a caption are more than the tiny tower gives, which is said before the work.
  Words words = generator_words(folder / "g.safetensors");
  const auto at = std::find(words.begin(), words.end(), "--generator");
  words.erase(at, at + 2);
  const Ended ended = program(words);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("the generator t2ue takes captions as 512 numbers"), HasSubstr("gives 16")));
}

TEST_F(Published, EveryFlagGoesBeforeTheRecipe) {
  const auto out = folder / "g.safetensors";
  const Ended ended = program(generator_words(out) + Words{"--recipe",
                                                           "bilevel",
                                                           "--rounds",
                                                           "2",
                                                           "--noise-optimizer",
                                                           "adamw",
                                                           "--noise-weight-decay",
                                                           "1e-4",
                                                           "--noise-schedule",
                                                           "constant",
                                                           "--noise-learning-rate",
                                                           "0.002",
                                                           "--noise-warmup-share",
                                                           "0.5",
                                                           "--fresh-latents",
                                                           "--noise-beta1",
                                                           "0.5",
                                                           "--eps",
                                                           "16",
                                                           "--limiter",
                                                           "clamp"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json json = ended.json(), policy = json.at("policy");
  EXPECT_EQ(json.at("preset"), "bilevel");
  EXPECT_EQ(json.at("rounds"), 2);
  EXPECT_EQ(policy.at("surrogate_steps"), 0) << "weights that are given stay";
  EXPECT_EQ(policy.at("noise_optimizer"), "adamw");
  EXPECT_EQ(policy.at("noise_weight_decay"), 1e-4f);
  EXPECT_EQ(policy.at("noise_schedule"), "constant");
  EXPECT_EQ(policy.at("noise_learning_rate"), 0.002f);
  EXPECT_EQ(policy.at("noise_warmup_share"), 0.5f);
  EXPECT_EQ(policy.at("fresh_latents"), true);
  EXPECT_EQ(policy.at("noise_beta1"), 0.5f);
  EXPECT_EQ(json.at("recipe").at("translation"), 4);
  EXPECT_EQ(json.at("generator_config").at("limiter"), "clamp");
  const Ended paper = program(generator_words(out) + Words{"--rounds", "1", "--no-fresh-latents", "--flip"});
  ASSERT_EQ(paper.code, 0) << paper.err;
  EXPECT_EQ(paper.json().at("policy").at("fresh_latents"), false);
  EXPECT_EQ(paper.json().at("recipe").at("flip"), true);
  EXPECT_EQ(paper.json().at("epochs"), 0);
}

TEST_F(Published, ContradictionsAreBadUsage) {
  const Workshop& w = Workshop::get();
  const Words words = generator_words(folder / "g.safetensors");
  const std::vector<std::pair<Words, std::string>> wrong{
      {words + Words{"--frozen", w.clip}, "--weights and --frozen"},
      {words + Words{"--labels"}, "--labels"},
      {words + Words{"--epochs", "1", "--rounds", "1"}, "--epochs and --rounds"},
      {words + Words{"--surrogate-steps", "1"}, "--surrogate-steps"},
      {words + Words{"--restart-every", "1"}, "--restart-every"},
      {words + Words{"--recipe", "mine"}, "--recipe"},
      {words + Words{"--noise-optimizer", "sgd"}, "noise_optimizer"},
      {words + Words{"--noise-schedule", "step"}, "noise_schedule"},
      {w.train_generator(folder / "g.safetensors") + Words{"--vocab", vocabulary}, "--vocab"},
      {w.train_generator(folder / "g.safetensors") + Words{"--recipe", "paper"}, "--weights or --frozen"}};
  for (const auto& [line, reason] : wrong) {
    const Ended ended = program(line);
    EXPECT_EQ(ended.code, 2) << reason << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(reason));
  }
}

TEST_F(Published, FeaturesOfCaptionsAreKeptForTheNextRun) {
  const auto cache = folder / "features";
  const auto run = [&](const std::string& name, const Words& more) {
    const Ended ended = program(generator_words(folder / name) + Words{"--rounds", "2"} + more);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended;
  };
  const auto counts = [](const Ended& ended) {
    const nlohmann::json json = ended.json().at("feature_cache");
    return std::pair(json.at("read").get<int>(), json.at("computed").get<int>());
  };
  const Words cached{"--feature-cache", cache};
  EXPECT_EQ(counts(run("a.safetensors", {})), std::pair(0, 1)) << "one table for both uses";
  EXPECT_EQ(counts(run("b.safetensors", cached)), std::pair(0, 1));
  const Ended third = run("c.safetensors", cached);
  EXPECT_EQ(counts(third), std::pair(1, 0));
  EXPECT_EQ(third.err, "");
  const std::string sha256 = sha256_file(folder / "a.safetensors");
  EXPECT_EQ(sha256_file(folder / "b.safetensors"), sha256);
  EXPECT_EQ(sha256_file(folder / "c.safetensors"), sha256);

  const auto file = std::filesystem::directory_iterator(cache)->path();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const Ended repaired = run("d.safetensors", cached);
  EXPECT_EQ(counts(repaired), std::pair(0, 1));
  EXPECT_THAT(repaired.err, AllOf(HasSubstr(file.string()), HasSubstr("made anew")));
  EXPECT_EQ(sha256_file(folder / "d.safetensors"), sha256);

  // Keywords are other captions, and another tower for the conditions is another table.
  EXPECT_EQ(counts(run("e.safetensors", cached + Words{"--keywords", "3"})), std::pair(1, 1));
  EXPECT_EQ(counts(run("f.safetensors", cached + Words{"--text", Workshop::get().clip})), std::pair(1, 1));
}

TEST_F(Published, ARunAgainstThemIsResumedToTheSameBits) {
  const auto words = [&](const std::string& out) {
    return generator_words(folder / out) +
           Words{"--epochs",           "4", "--checkpoint", folder / (out + ".check"),
                 "--checkpoint-every", "5", "--resume"};
  };
  const Ended whole = program(words("whole.safetensors"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  const auto check = folder / "whole.safetensors.check";
  ASSERT_TRUE(std::filesystem::exists(check));
  std::filesystem::copy(check, folder / "again.safetensors.check");
  const Ended again = program(words("again.safetensors"));
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, Not(HasSubstr("from the beginning")));
  EXPECT_EQ(sha256_file(folder / "whole.safetensors"), sha256_file(folder / "again.safetensors"));

  Clip model(clip_config(config));
  export_clip(weights, model, ParameterSet(model, 6));
  std::filesystem::copy(check, folder / "other.safetensors.check");
  const Ended other = program(words("other.safetensors"));
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("a surrogate with other weights"));
}

/// The lines "t2ue ..." in code blocks of a page, each with what its backslashes continue.
std::vector<Words> commands_of_page(const std::filesystem::path& page) {
  std::vector<Words> commands;
  std::istringstream lines(read_text(page));
  bool code = false, continued = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) code = !code;
    if (!code || (!continued && !line.starts_with("t2ue "))) continue;
    if (!continued) commands.emplace_back();
    std::istringstream words(line);
    continued = false;
    for (std::string word; words >> word;)
      if (word == "\\")
        continued = true;
      else if (word != "t2ue")
        commands.back().push_back(word);
  }
  return commands;
}

/// Every command of docs/weights.md runs as it stands there, on tiny weights, pictures and generators under
/// the page's names.
TEST_F(Published, ThePageAboutThemIsTrue) {
  const Workshop& w = Workshop::get();
  const std::map<std::string, std::string> small{{"ViT-B-32-quickgelu", config},
                                                 {"ViT-B-16-quickgelu", config},
                                                 {"ViT-L-14-quickgelu", config},
                                                 {"flickr8k", w.pictures},
                                                 {"500", "1"},
                                                 {"300", "1"}};
  std::filesystem::create_directories(folder / "openai");
  write_weights(folder / "openai/ViT-B-32.safetensors");
  write_weights(folder / "openai/ViT-B-16.safetensors");
  std::filesystem::copy(vocabulary / "bpe_simple_vocab_16e6.txt.gz",
                        folder / "openai/bpe_simple_vocab_16e6.txt.gz");
  write_shards(folder / "clip-vit-large-patch14");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  const std::vector<Words> commands =
      commands_of_page(std::filesystem::path(T2UE_SOURCE_DIR) / "docs/weights.md");
  EXPECT_GE(commands.size(), 7U);
  for (Words words : commands) {
    for (std::string& word : words)
      if (const auto found = small.find(word); found != small.end()) word = found->second;
    if (words.at(0) == "train")
      words = words + Words{"--generator", w.generator_json, "--batch", "8", "--threads", "1"};
    if (words.at(0) == "train" && std::find(words.begin(), words.end(), "--epochs") == words.end())
      words = words + Words{"--rounds", "1"};
    const Ended ended = program(words);
    EXPECT_EQ(ended.code, 0) << testing::PrintToString(words) << ended.out << ended.err;
  }
  std::filesystem::current_path(before);
}

}  // namespace
