// Help, exit codes, --json, --config, and what t2ue noise and t2ue apply open.
#include "apps/program.hpp"

#include <t2ue/core/backend.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/noise/manifest.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_data::fresh_folder;

const std::vector<Words> commands{{"data", "emoji"},
                                  {"data", "info"},
                                  {"train", "clip"},
                                  {"train", "generator"},
                                  {"train", "patterns"},
                                  {"train", "classifier"},
                                  {"evaluate", "retrieval"},
                                  {"evaluate", "zero-shot"},
                                  {"evaluate", "classifier"},
                                  {"noise"},
                                  {"noise-shards"},
                                  {"apply"},
                                  {"audit"},
                                  {"import", "clip"},
                                  {"export", "clip"},
                                  {"bench"},
                                  {"methods"},
                                  {"devices"},
                                  {"version"}};

Words noise_words(const std::filesystem::path& out) {
  const Workshop& w = Workshop::get();
  return {"noise", "--generator", w.generator, "--captions", w.pictures / "pairs.jsonl",
          "--out", out,           "--json"};
}

TEST(Program, EveryCommandHasHelpWithAnExample) {
  for (const Words& command : commands) {
    const Ended ended = program(command + Words{"--help"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("Example:\n  t2ue " + command[0])) << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("--json"));
  }
}

TEST(Program, SaysItsVersion) {
  const Ended flag = program({"--version"}), command = program({"version"});
  EXPECT_EQ(flag.code, 0);
  EXPECT_THAT(flag.out, StartsWith("t2ue 0."));
  EXPECT_EQ(flag.out, command.out);
  EXPECT_TRUE(program({"version", "--json"}).json().at("version").is_string());
}

TEST(Devices, AreListedAndCudaIsUsedOrSaysWhyNot) {
  const auto json = program({"devices", "--threads", "3", "--json"}).json();
  EXPECT_EQ(json.at("cpu").at("device"), "cpu");
  EXPECT_EQ(json.at("cpu").at("threads"), 3);
  EXPECT_EQ(json.at("cpu").at("onednn").is_string(), T2UE_FAST_CPU == 1);
  const auto& cuda = json.at("cuda");
  EXPECT_EQ(cuda.at("libraries").is_object(), T2UE_HAS_CUDA == 1);
  EXPECT_EQ(cuda.at("problem").is_null(), parse_device("auto").kind == DeviceKind::cuda);
  if (cuda.at("problem").is_null()) {
    EXPECT_GT(cuda.at("devices").at(0).at("memory_bytes"), 0);
  }
  const Ended text = program({"devices"});
  EXPECT_EQ(text.code, 0);
  EXPECT_EQ(text.err, "");
  EXPECT_THAT(text.out, StartsWith("cpu "));
  const std::string reason = cuda.at("problem").is_null() ? "cuda:0" : cuda.at("problem").get<std::string>();
  EXPECT_THAT(text.out, HasSubstr(reason));
}

TEST(Program, BadUsageEndsWithTwo) {
  const Workshop& w = Workshop::get();
  const std::vector<std::pair<Words, std::string>> wrong{
      {{}, "subcommand"},
      {{"nonsense"}, "nonsense"},
      {{"train"}, "train --help"},
      {{"train", "clip"}, "--data is required"},
      {{"version", "--nonsense"}, "--nonsense"},
      {w.train_clip("x") + Words{"--epochs", "0"}, "'epochs' is 0, outside 1..100000"},
      {w.train_clip("x") + Words{"--epochs", "many"}, "--epochs"},
      {w.train_clip("x") + Words{"--optimizer", "lion"}, "'lion'"},
      {w.train_clip("x") + Words{"--clip", "ViT-B-33"}, "'ViT-B-33'"},
      {w.train_clip("x") + Words{"--device", "abacus"}, "'abacus'"},
      {w.train_clip("x") + Words{"--resume"}, "--checkpoint"},
      {w.train_generator("x") + Words{"--eps", "128"}, "--eps"},
      {noise_words("x") + Words{"--caption", "a", "--key", "b"}, "either --captions"},
      {noise_words("x") + Words{"--size", "4by4"}, "'4by4'"},
      {{"apply", "--pictures", "a", "--noise", "b", "--out", "c", "--format", "jpeg"}, "--allow-lossy"}};
  for (const auto& [words, reason] : wrong) {
    const Ended ended = program(words);
    EXPECT_EQ(ended.code, 2) << testing::PrintToString(words) << ended.err;
    EXPECT_THAT(ended.err, StartsWith("t2ue: ["));
    EXPECT_THAT(ended.err, HasSubstr(reason));
    EXPECT_EQ(ended.out, "");
  }
}

TEST(Program, AFailureEndsWithOneAndSaysWhere) {
  const Ended missing =
      program({"evaluate", "retrieval", "--model", "absent.safetensors", "--data", "absent", "--json"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, StartsWith("t2ue: ["));
  EXPECT_THAT(missing.err, HasSubstr("absent.safetensors"));
  EXPECT_EQ(missing.out, "");
  const Ended cuda =
      program(Workshop::get().train_clip(fresh_folder() / "m.safetensors") + Words{"--device", "cuda"});
  if (cuda.code != 0) {
    EXPECT_EQ(cuda.code, 1);
    EXPECT_THAT(cuda.err, HasSubstr("--device cpu"));
  }
}

TEST(Program, AFullDiskForTheResultIsAFailure) {
  const Ended ended = run({"sh", "-c", T2UE_PROGRAM " version > /dev/full"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("stdout"));
}

TEST(Config, SetsFlagsAndTheCommandLineOverridesIt) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  write_file(
      folder / "t2ue.toml",
      "[train.clip]\nepochs = 3\nbatch = 8\nflip = false\nlearning-rate = 0.002\nthreads = 1\nclip = '" +
          w.clip_json.string() + "'\nout = '" + (folder / "m.safetensors").string() +
          "'\n[noise]\nsize = '8x8'\n");
  const Words words{"train", "clip", "--config", folder / "t2ue.toml", "--data", w.pictures, "--json"};
  const auto from_file = program(words);
  ASSERT_EQ(from_file.code, 0) << from_file.err;
  const auto recipe = from_file.json().at("recipe");
  EXPECT_EQ(recipe.at("epochs"), 3);
  EXPECT_EQ(recipe.at("flip"), false);
  EXPECT_NEAR(recipe.at("learning_rate"), 0.002, 1e-6);
  const auto overridden = program(words + Words{"--epochs", "1", "--flip"}).json().at("recipe");
  EXPECT_EQ(overridden.at("epochs"), 1);
  EXPECT_EQ(overridden.at("flip"), true);
  EXPECT_EQ(overridden.at("batch"), 8);
  const auto twice = program(words + Words{"--epochs", "1", "--epochs", "2", "--flip", "--no-flip"});
  EXPECT_EQ(twice.json().at("recipe").at("epochs"), 2) << "the last one counts";
  EXPECT_EQ(twice.json().at("recipe").at("flip"), false);
}

TEST(Config, NamesOfBeforeAreReadWithANoteOfTheNewOne) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  write_file(folder / "t2ue.toml", "[train.clip]\nepochs = 1\nbatch = 8\nrate = 0.002\nshift = 2\n");
  const Words words = w.train_clip(folder / "m.safetensors") +
                      Words{"--config", folder / "t2ue.toml", "--decay", "0.25", "--json"};
  const auto ended = program(words + Words{"--shift", "3"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto recipe = ended.json().at("recipe");
  EXPECT_NEAR(recipe.at("learning_rate"), 0.002, 1e-6);
  EXPECT_EQ(recipe.at("weight_decay"), 0.25f);
  EXPECT_EQ(recipe.at("translation"), 3) << "the command line overrides the file";
  for (const char* name : {"'learning_rate'", "'weight_decay'", "'translation'"}) {
    const size_t note = ended.err.find(name);
    EXPECT_NE(note, std::string::npos) << name << " in " << ended.err;
    EXPECT_EQ(ended.err.find(name, note + 1), std::string::npos) << "once: " << ended.err;
  }
  EXPECT_EQ(program(words + Words{"--weight-decay", "0.5"}).code, 2) << "both names";
  EXPECT_THAT(program({"train", "clip", "--help"}).out,
              testing::AllOf(HasSubstr("--weight-decay"), testing::Not(HasSubstr(" --decay"))));
}

TEST(Config, NamesTheKeyThatIsWrong) {
  const auto folder = fresh_folder();
  const auto error_of = [&](const std::string& text) {
    write_file(folder / "t2ue.toml", text);
    const Ended ended = program(Workshop::get().train_clip(folder / "m.safetensors") +
                                Words{"--config", folder / "t2ue.toml"});
    EXPECT_EQ(ended.code, 2) << text;
    EXPECT_EQ(ended.out, "");
    return ended.err;
  };
  EXPECT_THAT(error_of("[train.clip]\nepocks = 8\n"), HasSubstr("'train.clip.epocks'"));
  EXPECT_THAT(error_of("[noise]\nepochs = 8\n"), HasSubstr("'noise.epochs'"));
  EXPECT_THAT(error_of("[training]\nepochs = 8\n"), HasSubstr("'training'"));
  EXPECT_THAT(error_of("[train.clip]\nno-flip = true\n"), HasSubstr("no-flip"));
  EXPECT_THAT(error_of("[train.clip]\nthreads = -3\n"), HasSubstr("'train.clip.threads'"));
  EXPECT_THAT(error_of("[train.clip]\ntranslation = 'far'\n"), HasSubstr("'train.clip.translation'"));
  EXPECT_THAT(error_of("[train.clip]\nskip-bad = 1\n"), HasSubstr("'train.clip.skip-bad'"));
  EXPECT_THAT(error_of("[train.clip]\ntranslation = [1, 2]\n"), HasSubstr("'train.clip.translation'"));
  EXPECT_THAT(error_of("[train.clip]\ntranslation = 5000\n"), HasSubstr("translation"));
  EXPECT_THAT(error_of("[train.clip\n"), HasSubstr("line 1"));
  EXPECT_EQ(program({"version", "--config", folder / "absent.toml"}).code, 2);
}

/// A tiny imitation of the emoji packages: a heart (a symbol) and an "A" (no class) by both vendors.
std::filesystem::path imitation_packages(const std::filesystem::path& folder) {
  for (const std::string vendor : {"google", "twitter"}) {
    const auto drawings = folder / ("emoji-datasource-" + vendor) / "img" / vendor / "64";
    std::filesystem::create_directories(drawings);
    for (const char* name : {"2764-fe0f.png", "1f1e6.png"})
      write_file(drawings / name, encode_png(testing_data::random_image(64, 64, 4)));
  }
  std::filesystem::create_directories(folder / "emojibase-data/en");
  write_file(folder / "emojibase-data/en/data.json",
             R"([{"label": "red heart", "tags": ["love"], "hexcode": "2764-FE0F", "group": 8, "order": 1},
                 {"label": "flag A", "tags": ["A"], "hexcode": "1F1E6", "group": 9, "order": 2}])");
  return folder;
}

TEST(Emoji, AreRenderedIntoAFolderOfPairs) {
  const auto folder = fresh_folder();
  const Words words{"data",  "emoji",         "--packages", imitation_packages(folder / "node_modules"),
                    "--out", folder / "pairs"};
  const Ended ended = program(words + Words{"--renderings", "2", "--size", "16", "--classes", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("pictures"), 2);
  const auto pairs = read_pairs_folder(folder / "pairs");
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[1].key, "2764-r1");
  EXPECT_EQ(pairs[1].captions, (Words{"red heart love"}));
  EXPECT_EQ(pairs[1].label, "symbols");
  const Image first = load_image(folder / "pairs/2764-r0.png"),
              second = load_image(folder / "pairs/2764-r1.png");
  EXPECT_EQ(first.width, 16);
  EXPECT_NE(first.pixels, second.pixels);
  const Ended again = program(words);
  EXPECT_EQ(again.code, 1) << "the folder is not empty";
  EXPECT_EQ(load_image(folder / "pairs/2764-r0.png").pixels, first.pixels);
}

TEST(Noise, ThenApplyThenAudit) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const Ended noise = program(noise_words(folder / "noise") + Words{"--size", "8x8", "--pictures"});
  ASSERT_EQ(noise.code, 0) << noise.err;
  EXPECT_EQ(noise.json().at("noises"), 16);
  EXPECT_EQ(noise.err, "");
  EXPECT_TRUE(std::filesystem::exists(folder / "noise/p3.png"));
  const Words apply{"apply",          "--pictures", w.pictures,          "--noise",
                    folder / "noise", "--out",      folder / "protected"};
  const Ended applied = program(apply + Words{"--json"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(applied.json().at("applied"), 16);
  const Words audit{"audit", "--originals", w.pictures, "--protected", folder / "protected", "--json"};
  const Ended audited = program(audit);
  EXPECT_EQ(audited.code, 0) << audited.out;
  EXPECT_EQ(audited.json().at("passed"), true);
  const Ended strict = program(audit + Words{"--eps", "0"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_EQ(strict.json().at("passed"), false);
  ASSERT_EQ(program(audit + Words{"--sheet", folder / "sheet.png"}).code, 0);
  const Image sheet = load_image(folder / "sheet.png");  // eight originals, changes, protected pictures
  EXPECT_EQ(sheet.width, 8 * 98 + 2);
  EXPECT_EQ(sheet.height, 3 * 98 + 2);
  const auto middle = [&](int row) { return sheet.pixels[size_t(sheet.width) * (98 * row + 50) * 3 + 150]; };
  EXPECT_NE(middle(0), middle(2)) << "the noise is in the third row";

  EXPECT_EQ(program(apply).code, 1) << "the output folder is there";
  EXPECT_EQ(program(apply + Words{"--overwrite"}).code, 0);
  EXPECT_EQ(program(noise_words(folder / "noise")).code, 1) << "the noise folder is there";
  EXPECT_EQ(program(noise_words(folder / "noise") + Words{"--overwrite"}).code, 0);
}

TEST(Noise, IsTheSameForOneCaptionAloneAndAmongOthers) {
  const auto folder = fresh_folder();
  ASSERT_EQ(program(noise_words(folder / "all")).code, 0);
  const Ended one = program({"noise", "--generator", Workshop::get().generator, "--caption", "red dog",
                             "--key", "p1", "--out", folder / "one"});
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(sha256_file(folder / "all/p1.safetensors"), sha256_file(folder / "one/p1.safetensors"));
}

TEST(Noise, ClassWiseGivesOneNoiseALabel) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto generator = folder / "classes.safetensors";
  const Ended trained = program(w.train_generator(generator) + Words{"--labels"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const Ended noise = program({"noise", "--generator", generator, "--captions", w.pictures / "pairs.jsonl",
                               "--labels", "--out", folder / "noise"});
  ASSERT_EQ(noise.code, 0) << noise.err;
  EXPECT_EQ(distinct_deltas(read_noise_manifest(folder / "noise")), 4U);
}

TEST(Noise, RefusesBadCaptions) {
  const auto folder = fresh_folder();
  const auto error_of = [&](const std::string& caption) {
    write_file(folder / "list.csv", "key,caption\na," + caption + "\n");
    const Ended ended = program({"noise", "--generator", Workshop::get().generator, "--captions",
                                 folder / "list.csv", "--out", folder / "noise"});
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "noise"));
    return ended.err;
  };
  EXPECT_THAT(error_of(std::string(1'000'000, 'a')), HasSubstr("list.csv"));
  EXPECT_THAT(error_of("\"\""), HasSubstr("caption"));
  EXPECT_THAT(error_of("\xff\xfe"), HasSubstr("UTF-8"));
}

/// What a command names to the system's file calls; skips the test where strace cannot run.
std::string trace_of(const Words& words, const std::filesystem::path& folder) {
  const auto file = folder / "trace";
  // Under the sanitizers: leaks cannot be looked for in a process that is traced.
  const Words strace{
      "strace", "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-qq", "-s", "4096", "-e", "trace=%file",
      "-o",     file};
  const Ended ended = run(strace + Words{T2UE_PROGRAM} + words);
  EXPECT_EQ(ended.code, 0) << ended.err;
  return read_text(file);
}

bool strace_works() {
  return run({"strace", "-f", "-o", "/dev/null", "true"}).code == 0;
}

TEST(Promise, NoiseOpensNoPictureAndApplyNoModel) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  std::filesystem::copy(w.pictures / "pairs.jsonl", folder / "captions.jsonl");
  for (const std::string command : {"noise", "noise-shards"}) {
    const auto made = folder / command;
    const std::string noise = trace_of({command, "--generator", w.generator, "--captions",
                                        folder / "captions.jsonl", "--out", made, "--size", "8x8"},
                                       folder);
    EXPECT_THAT(noise, HasSubstr("captions.jsonl"));
    EXPECT_THAT(noise, HasSubstr(w.generator.string()));
    EXPECT_THAT(noise, Not(HasSubstr(w.pictures.string())));
    for (const char* ending : {".png\"", ".jpg\"", ".jpeg\"", ".webp\""})
      EXPECT_THAT(noise, Not(HasSubstr(ending)));

    const auto out = folder / ("protected-by-" + command);
    const std::string apply =
        trace_of({"apply", "--pictures", w.pictures, "--noise", made, "--out", out}, folder);
    EXPECT_THAT(apply, HasSubstr((w.pictures / "p3.png").string()));
    EXPECT_THAT(apply, Not(HasSubstr(w.generator.string())));
    EXPECT_THAT(apply, Not(HasSubstr(w.clip.string())));
    std::istringstream lines(apply);
    for (std::string line; std::getline(lines, line);) {
      if (line.find(".safetensors") == std::string::npos) continue;
      EXPECT_THAT(line, HasSubstr(made.string())) << "a model was opened";
    }
  }
}

TEST(Progress, IsSilentUnlessAskedForWhereThereIsNoTerminal) {
  const auto folder = fresh_folder();
  EXPECT_EQ(program(Workshop::get().train_clip(folder / "a.safetensors")).err, "");
  const Ended asked = program(Workshop::get().train_clip(folder / "b.safetensors") + Words{"--progress"});
  EXPECT_THAT(asked.err, HasSubstr("train clip"));
  EXPECT_TRUE(asked.json().is_object());
}

}  // namespace
