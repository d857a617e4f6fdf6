// Training from the command line: bad pictures, bad outputs, numbers that run away, kill -9 and --resume.
#include "apps/program.hpp"

#include <paths.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/optim/train_recipe.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;
using testing::Not;
using testing_data::fresh_folder;

/// The workshop's pictures, one of them cut short.
std::filesystem::path with_a_bad_picture(const std::filesystem::path& folder) {
  std::filesystem::copy(Workshop::get().pictures, folder / "pictures");
  const auto bad = folder / "pictures/p5.png";
  std::filesystem::resize_file(bad, std::filesystem::file_size(bad) / 2);
  return folder / "pictures";
}

Words with_data(Words words, const std::filesystem::path& data) {
  *std::next(std::find(words.begin(), words.end(), "--data")) = data;
  return words;
}

/// Words that train a tiny CLIP whose text tower knows `vocab_size` tokens, with the vocabulary at `path`.
Words train_with_vocabulary(const std::filesystem::path& folder, int vocab_size, const std::string& path) {
  const Workshop& w = Workshop::get();
  auto json = nlohmann::json::parse(read_text(w.clip_json));
  json["text_cfg"]["vocab_size"] = vocab_size;
  write_file(folder / "clip.json", std::string_view(json.dump()));
  return {"train",   "clip", "--data",   w.pictures, "--clip", folder / "clip.json",     "--vocab",   path,
          "--batch", "8",    "--epochs", "1",        "--out",  folder / "m.safetensors", "--threads", "1",
          "--json"};
}

TEST(Vocabulary, MayBeClipsInAnyFormAndGoesIntoEveryFile) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto published = testing_paths::reference_path("clip_bpe");
  const std::string expected = Tokenizer::load(published, 764).to_json();
  for (const char* form : {"bpe_simple_vocab_16e6.txt.gz", "tokenizer.json", "vocab.json", ""}) {
    const Ended ended = program(train_with_vocabulary(folder, 764, published / form));
    ASSERT_EQ(ended.code, 0) << form << ": " << ended.err;
    EXPECT_EQ(load_clip(folder / "m.safetensors").tokenizer.to_json(), expected) << form;
    EXPECT_FALSE(std::filesystem::exists(folder / "m.vocab.json")) << "nothing was learned";
  }
  const Ended generator =
      program({"train", "generator", "--data", w.pictures, "--clip", folder / "clip.json", "--text",
               folder / "m.safetensors", "--generator", w.generator_json, "--out", folder / "g.safetensors",
               "--batch", "8", "--rounds", "1", "--threads", "1", "--json"});
  ASSERT_EQ(generator.code, 0) << generator.err;
  std::filesystem::remove(folder / "m.safetensors");
  const Ended noise = program({"noise", "--generator", folder / "g.safetensors", "--captions",
                               w.pictures / "pairs.jsonl", "--out", folder / "noise", "--json"});
  EXPECT_EQ(noise.code, 0) << noise.err;
}

TEST(Vocabulary, OfClipGivesASmallerModelItsFirstMerges) {
  const auto folder = fresh_folder();
  const auto published = testing_paths::reference_path("clip_bpe");
  ASSERT_EQ(program(train_with_vocabulary(folder, 600, published / "merges.txt")).code, 0);
  EXPECT_EQ(load_clip(folder / "m.safetensors").tokenizer.vocab_size(), 600);
}

TEST(Vocabulary, ThatDoesNotFitTheModelIsRefusedBeforeTheWork) {
  const auto folder = fresh_folder();
  const auto published = testing_paths::reference_path("clip_bpe");
  const auto error = [&](int vocab_size, const std::string& path) {
    const Ended ended =
        program(train_with_vocabulary(folder, vocab_size, path) + Words{"--epochs", "100000"});
    EXPECT_EQ(ended.code, 1) << path;
    return ended.err;
  };
  EXPECT_THAT(error(1000, published / "merges.txt"), HasSubstr("250 merges"));
  EXPECT_THAT(error(700, published / "tokenizer.json"), HasSubstr("250 merges"));
  const std::vector<std::string> captions{"red cat red cat red cat"};
  const BytePairTokenizer ours = BytePairTokenizer::train(captions, 270);
  ours.save(folder / "ours.vocab.json");
  EXPECT_THAT(error(ours.vocab_size() - 1, folder / "ours.vocab.json"),
              testing::AllOf(HasSubstr("ours.vocab.json"), HasSubstr(concat(ours.vocab_size(), " tokens"))));
  write_file(folder / "text.txt", "no vocabulary\n");
  EXPECT_THAT(error(764, folder / "text.txt"), HasSubstr("text.txt"));
}

TEST(BadPicture, StopsTrainingUnlessItIsSkippedAndCounted) {
  const auto folder = fresh_folder();
  const auto words =
      with_data(Workshop::get().train_clip(folder / "m.safetensors"), with_a_bad_picture(folder));
  const Ended stopped = program(words);
  EXPECT_EQ(stopped.code, 1);
  EXPECT_THAT(stopped.err, HasSubstr("p5.png"));
  EXPECT_FALSE(std::filesystem::exists(folder / "m.safetensors"));
  const Ended skipped = program(words + Words{"--skip-bad"});
  ASSERT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_EQ(skipped.json().at("pictures"), 15);
  EXPECT_EQ(skipped.json().at("skipped").size(), 1);
  EXPECT_THAT(skipped.err, HasSubstr("p5.png"));
}

TEST(BadPicture, StopsApplyUnlessItIsSkippedAndCounted) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto pictures = with_a_bad_picture(folder);
  ASSERT_EQ(program({"noise", "--generator", w.generator, "--captions", pictures / "pairs.jsonl", "--out",
                     folder / "noise"})
                .code,
            0);
  const auto apply = [&](const std::string& out) {
    return Words{"apply",          "--pictures", pictures,     "--noise",
                 folder / "noise", "--out",      folder / out, "--json"};
  };
  const Ended stopped = program(apply("a"));
  EXPECT_EQ(stopped.code, 1);
  EXPECT_THAT(stopped.err, HasSubstr("p5.png"));
  const Ended skipped = program(apply("b") + Words{"--skip-bad"});
  ASSERT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_EQ(skipped.json().at("applied"), 15);
  EXPECT_EQ(skipped.json().at("skipped").size(), 1);
}

TEST(Apply, JpegTellsWhatIsLeftOfTheNoise) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  ASSERT_EQ(program({"noise", "--generator", w.generator, "--captions", w.pictures / "pairs.jsonl", "--out",
                     folder / "noise"})
                .code,
            0);
  const Ended ended = program({"apply", "--pictures", w.pictures, "--noise", folder / "noise", "--out",
                               folder / "out", "--format", "jpeg", "--allow-lossy", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.json().at("surviving_share").is_number());
  EXPECT_THAT(ended.err, HasSubstr("lossy"));
}

TEST(BadCaptions, StopTrainingWithTheirLine) {
  const auto folder = fresh_folder();
  std::filesystem::copy(Workshop::get().pictures, folder / "pictures");
  const auto words = with_data(Workshop::get().train_clip(folder / "m.safetensors"), folder / "pictures");
  const std::string list = read_text(folder / "pictures/pairs.jsonl");
  for (const std::string& caption : {std::string(), std::string(1'000'000, 'a'), std::string("\xc3\x28")}) {
    write_file(folder / "pictures/pairs.jsonl",
               list + R"({"key":"x","image":"p0.png","caption":")" + caption + "\"}\n");
    const Ended ended = program(words);
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("17")) << "the line's number";
    EXPECT_LT(ended.err.size(), 1000U);
  }
}

TEST(Outputs, AreTriedBeforeTheWork) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  write_file(folder / "file", "");
  for (const auto& out : {folder / "absent/m.safetensors", folder / "file/m.safetensors"}) {
    const Ended clip = program(w.train_clip(out) + Words{"--epochs", "100000"});
    EXPECT_EQ(clip.code, 1);
    EXPECT_THAT(clip.err, HasSubstr("cannot write"));
    const Ended generator = program(w.train_generator(out) + Words{"--rounds", "100000000"});
    EXPECT_EQ(generator.code, 1);
    EXPECT_THAT(generator.err, HasSubstr("cannot write"));
  }
  const Ended noise = program({"noise", "--generator", w.generator, "--captions", w.pictures / "pairs.jsonl",
                               "--out", folder / "file/noise"});
  EXPECT_EQ(noise.code, 1);
  EXPECT_THAT(noise.err, HasSubstr("file/noise"));
}

/// With a decay near 1 the average hardly leaves the first weights.
TEST(Average, IsWhatTheModelFileHolds) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto saved = [&](const std::string& name, const Words& more) {
    const Ended ended = program(w.train_clip(folder / name) + more);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.json().at("recipe").at("ema_decay").get<float>() > 0, !more.empty());
    return load_clip(folder / name);
  };
  const LoadedClip averaged = saved("a.safetensors", {"--ema-decay", "0.999999"}),
                   plain = saved("b.safetensors", {});
  Clip model(averaged.config());
  const ParameterSet first(model, TrainRecipe{}.seed);
  const auto moved = [&](const LoadedClip& clip) {
    float most = 0;
    for (size_t i = 0; i < first.trained().size(); ++i) {
      const auto now = clip.parameters->trained()[i]->value.to_vector<float>(),
                 then = first.trained()[i]->value.to_vector<float>();
      for (size_t j = 0; j < now.size(); ++j) most = std::max(most, std::abs(now[j] - then[j]));
    }
    return most;
  };
  EXPECT_LT(moved(averaged), 1e-5f);
  EXPECT_GT(moved(plain), 1e-4f);
  EXPECT_EQ(averaged.parameters->buffers().to_vector<float>(),
            plain.parameters->buffers().to_vector<float>());

  const Ended never = program(w.train_clip(folder / "m.safetensors") + Words{"--ema-decay", "1"});
  EXPECT_EQ(never.code, 2);
  EXPECT_THAT(never.err, HasSubstr("ema_decay"));
  EXPECT_EQ(program(w.train_generator(folder / "g.safetensors") + Words{"--ema-decay", "0.9"}).code, 2);
}

TEST(NotANumber, StopsNamesTheStepAndKeepsTheCheckpoint) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto checkpoint = folder / "checkpoint.safetensors";
  const Words words = w.train_clip(folder / "m.safetensors") +
                      Words{"--epochs",       "50", "--learning-rate", "100",      "--weight-decay",     "10",
                            "--warmup-share", "0",  "--checkpoint",    checkpoint, "--checkpoint-every", "1"};
  const Ended ended = program(words);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("[train, step "));
  EXPECT_THAT(ended.err, HasSubstr("the last checkpoint is " + checkpoint.string()));
  EXPECT_EQ(ended.out, "");
  EXPECT_FALSE(std::filesystem::exists(folder / "m.safetensors"));
  const SafetensorsFile file(checkpoint);
  for (const float x : to_floats(file.at("model.logit_scale"))) EXPECT_TRUE(std::isfinite(x));
}

TEST(Checkpoint, IsNotLostByAccidentNorMixedUp) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const Words checkpoint{"--checkpoint", folder / "c.safetensors", "--checkpoint-every", "1"};
  const auto clip = w.train_clip(folder / "m.safetensors") + checkpoint;
  ASSERT_EQ(program(clip).code, 0);
  const Ended again = program(clip);
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("--resume"));
  EXPECT_EQ(program(clip + Words{"--resume", "--learning-rate", "0.1"}).code, 1) << "another recipe";
  EXPECT_EQ(program(w.train_generator(folder / "g.safetensors") + checkpoint + Words{"--resume"}).code, 1)
      << "another kind";
  const auto fewer = with_data(clip, with_a_bad_picture(folder)) + Words{"--resume", "--skip-bad"};
  const Ended other = program(fewer);
  EXPECT_EQ(other.code, 1) << "other pictures";
  EXPECT_THAT(other.err, HasSubstr("another run"));
}

TEST(Checkpoint, OfAGeneratorBelongsToItsBudget) {
  const auto folder = fresh_folder();
  const Words words = Workshop::get().train_generator(folder / "g.safetensors") +
                      Words{"--checkpoint", folder / "c.safetensors", "--checkpoint-every", "1"};
  ASSERT_EQ(program(words).code, 0);
  EXPECT_EQ(program(words + Words{"--resume"}).code, 0);
  const Ended other = program(words + Words{"--resume", "--eps", "16"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("another run"));
}

/// Kills a run again and again at random moments, resumes it each time, and compares what comes out with an
/// uninterrupted run's.
void expect_the_same_after_kills(const std::function<Words(const std::filesystem::path&)>& words) {
  const auto folder = fresh_folder();
  const auto start = std::chrono::steady_clock::now();
  const Ended whole = program(words(folder / "whole.safetensors"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const Words resumed = words(folder / "killed.safetensors") + Words{"--checkpoint", folder / "c.safetensors",
                                                                     "--checkpoint-every", "2", "--resume"};
  Random random(7, Purpose::test);
  int killed = 0, resumptions = 0;
  const auto checkpoint_is_there = [&] { return std::filesystem::exists(folder / "c.safetensors"); };
  for (int i = 0; i < 30 && (killed < 4 || resumptions < 1 || !checkpoint_is_there()); ++i) {
    resumptions += checkpoint_is_there() ? 1 : 0;
    if (program(resumed, seconds * random.uniform(0.2f, 0.8f)).code == -1) {
      ++killed;
      continue;
    }
    // Faster than the whole run was, on a machine that is no longer so busy: from the start, and sooner.
    seconds *= 0.8;
    std::filesystem::remove(folder / "c.safetensors");
    std::filesystem::remove(folder / "killed.safetensors");
  }
  const Ended last = program(resumed);
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_GE(killed, 1);
  EXPECT_GE(resumptions, 1);
  EXPECT_THAT(last.err, Not(HasSubstr("starting from the beginning")));
  EXPECT_EQ(sha256_file(folder / "whole.safetensors"), sha256_file(folder / "killed.safetensors"));
}

TEST(Kill, ThenResumeGivesTheSameClip) {
  expect_the_same_after_kills([](const std::filesystem::path& out) {
    return Workshop::get().train_clip(out) + Words{"--epochs", "200", "--min-area", "0.5"};
  });
}

TEST(Kill, ThenResumeGivesTheSameAverage) {
  expect_the_same_after_kills([](const std::filesystem::path& out) {
    return Workshop::get().train_clip(out) + Words{"--epochs", "200", "--ema-decay", "0.9"};
  });
}

TEST(Kill, ThenResumeGivesTheSameClassifier) {
  expect_the_same_after_kills([](const std::filesystem::path& out) {
    return Workshop::get().train_classifier(out) +
           Words{"--epochs", "200", "--min-area", "0.5", "--mixup-alpha", "0.4", "--ema-decay", "0.9"};
  });
}

Words train_patterns(const std::filesystem::path& out) {
  const Workshop& w = Workshop::get();
  return {"train", "patterns", "--data",  w.pictures, "--clip",    w.clip_json, "--words", "3",
          "--out", out,        "--batch", "8",        "--threads", "1",         "--json"};
}

TEST(Kill, ThenResumeGivesTheSamePatterns) {
  expect_the_same_after_kills([](const std::filesystem::path& out) {
    return train_patterns(out) + Words{"--rounds", "200", "--restart-every", "50", "--surrogate-steps", "1"};
  });
}

TEST(Kill, ThenResumeGivesTheSameGenerator) {
  expect_the_same_after_kills([](const std::filesystem::path& out) {
    return Workshop::get().train_generator(out) + Words{"--rounds", "200", "--restart-every", "50"};
  });
}

TEST(Precision, ThatTheDeviceDoesNotHaveIsRefusedBeforeTheWork) {
  const Workshop& w = Workshop::get();
  const auto out = fresh_folder() / "clip.safetensors";
  for (const char* precision : {"bf16", "tf32"}) {
    const Ended ended = program(w.train_clip(out) + Words{"--device", "cpu", "--precision", precision});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr(concat("does not compute in ", precision, "; use fp32")));
    EXPECT_FALSE(std::filesystem::exists(out));
  }
  EXPECT_EQ(program(w.train_clip(out) + Words{"--precision", "fp8"}).code, 2);
}

TEST(Frozen, SurrogateTrainsAGenerator) {
  const Workshop& w = Workshop::get();
  const auto out = fresh_folder() / "g.safetensors";
  const Ended ended = program(
      {"train", "generator", "--data",    w.pictures, "--frozen",  w.clip, "--generator", w.generator_json,
       "--out", out,         "--batch",   "8",        "--rounds",  "2",    "--keywords",  "3",
       "--eps", "16",        "--limiter", "clamp",    "--threads", "1",    "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("policy").at("surrogate_steps"), 0);
  EXPECT_EQ(ended.json().at("precision"), "fp32");
  const auto noise = out.parent_path() / "noise";
  const Ended made = program({"noise", "--generator", out, "--captions", w.pictures / "pairs.jsonl", "--out",
                              noise, "--latent", "item", "--seed", "9", "--json"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.json().at("eps_steps"), 16);
  EXPECT_EQ(made.json().at("precision"), "fp32");
  EXPECT_EQ(made.json().at("seed"), 9);
}

TEST(AllCaptions, OfAPictureTrainAGeneratorThatStartsFromTheirWords) {
  const Workshop& w = Workshop::get();
  const auto out = fresh_folder() / "g.safetensors";
  const Words words{"train",          "generator",
                    "--data",         w.pictures,
                    "--text",         w.clip,
                    "--clip",         w.clip_json,
                    "--generator",    w.generator_json,
                    "--out",          out,
                    "--batch",        "8",
                    "--rounds",       "1",
                    "--warm-steps",   "2",
                    "--warm-share",   "0.5",
                    "--all-captions", "--json"};
  const Ended ended = program(words);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("all_captions"), true);
  EXPECT_EQ(ended.json().at("policy").at("warm_share"), 0.5);
  const Ended made = program({"noise", "--generator", out, "--captions", w.pictures / "pairs.jsonl", "--out",
                              out.parent_path() / "noise", "--per", "all-captions", "--json"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(program(words + Words{"--labels"}).code, 2);
  const Ended preset = program(words + Words{"--recipe", "textures", "--surrogate-steps", "1"});
  ASSERT_EQ(preset.code, 0) << preset.err;
  EXPECT_EQ(preset.json().at("preset"), "textures");
  const nlohmann::json policy = preset.json().at("policy");
  EXPECT_EQ(policy.at("warm_steps"), 2) << "flags that are given go before";
  EXPECT_EQ(policy.at("restart_every"), 80);
  EXPECT_FLOAT_EQ(policy.at("final_share"), 0.95f);
}

TEST(Patterns, OfWordsServeAnyCaption) {
  const auto folder = fresh_folder();
  const auto out = folder / "p.safetensors";
  const Words few{"--rounds", "2", "--surrogate-steps", "2", "--restart-every", "1"};
  const Ended ended =
      program(train_patterns(out) + few + Words{"--eps", "12", "--size", "4", "--all-captions"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("words").size(), 3u);
  EXPECT_EQ(ended.json().at("policy").at("surrogate_steps"), 2);
  EXPECT_FLOAT_EQ(ended.json().at("policy").at("noise_learning_rate"), 0.01f) << "the method's own";
  write_file(folder / "list.csv", std::string_view("key,caption\na,a fish that nobody saw\nb,nothing\n"));
  const Ended made =
      program({"noise", "--method", "word_patterns", "--options",
               nlohmann::json{{"patterns", out.string()}}.dump(), "--size", "10x6", "--captions",
               folder / "list.csv", "--per", "all-captions", "--out", folder / "noise", "--json"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.json().at("eps_steps"), 12);

  for (const Words& wrong :
       {Words{"--warm-steps", "3"}, Words{"--words", "0"}, Words{"--surrogate-steps", "0"},
        Words{"--clip", "resnet7"}, Words{"--mixup-alpha", "1"}, Words{"--coarseness", "9"}}) {
    const Ended refused = program(train_patterns(folder / "q.safetensors") + few + wrong);
    EXPECT_EQ(refused.code, 2) << wrong[0];
    EXPECT_FALSE(std::filesystem::exists(folder / "q.safetensors"));
  }
}

}  // namespace
