// Files of an older version (tests/yesterday): this one loads them, goes on with them, and finds by their
// hashes what was trained then.
#include "apps/program.hpp"

#include <map>
#include <sstream>

#include <t2ue/core/renames.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/noise/noise_lookup.hpp>

#include "yesterday/hashes.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;
using testing::Not;
using testing_data::fresh_folder;
namespace fs = std::filesystem;

fs::path yesterday() {
  return fs::path(T2UE_SOURCE_DIR) / "tests/yesterday";
}

/// A copy of the files, with the checkpoints unpacked.
fs::path copied_files() {
  const fs::path folder = fresh_folder() / "files";
  fs::copy(yesterday() / "files", folder, fs::copy_options::recursive);
  for (const char* kind : {"clip", "classifier", "generator", "patterns"})
    EXPECT_EQ(run({"gzip", "-d", folder / concat(kind, ".checkpoint.gz")}).code, 0);
  return folder;
}

/// Runs the program in that folder: the files name each other by relative paths.
Ended program_in(const fs::path& folder, const Words& words) {
  return run(Words{"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, T2UE_PROGRAM} + words);
}

/// What a command printed then.
nlohmann::json said(const std::string& name) {
  return nlohmann::json::parse(read_text(yesterday() / "files/said" / (name + ".json")));
}

/// All files in a folder, by their path in it.
std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
      files[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
  return files;
}

std::vector<std::string> names_of(const std::map<std::string, std::string>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.first);
  return names;
}

TEST(Yesterday, HashesStay) {
  const std::map<std::string, std::string> now = testing_yesterday::hashes();
  std::istringstream lines(read_text(yesterday() / "hashes.txt"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const size_t tab = line.find('\t');
    const std::string what = line.substr(tab + 1);
    ASSERT_TRUE(now.contains(what)) << what;
    EXPECT_EQ(now.at(what), line.substr(0, tab)) << what;
  }
  EXPECT_GT(count, 50);
}

/// Names and shapes are the same and numbers nearly: another machine rounds otherwise, and a few steps of
/// Adam move a weight whose gradient is nothing but rounding by their rates.
void expect_nearly_the_same(const fs::path& then, const fs::path& now) {
  const SafetensorsFile a(then), b(now);
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  double difference = 0, size = 0;
  for (const auto& [name, tensor] : a.tensors()) {
    ASSERT_TRUE(b.tensors().contains(name)) << name;
    ASSERT_EQ(tensor.shape, b.at(name).shape) << name;
    const std::vector<float> x = to_floats(tensor), y = to_floats(b.at(name));
    for (size_t i = 0; i < x.size(); ++i) {
      difference += std::abs(static_cast<double>(x[i]) - y[i]);
      size += std::abs(static_cast<double>(x[i]));
    }
  }
  EXPECT_LT(difference, 0.01 * size) << now;
}

class YesterdaysRun : public testing::TestWithParam<const char*> {};

TEST_P(YesterdaysRun, GoesOnFromItsCheckpoint) {
  const std::string kind = GetParam();
  const fs::path folder = copied_files();
  const Ended ended = program_in(folder, {"train", kind, "--config", "flags.toml", "--out", "now.safetensors",
                                          "--checkpoint", kind + ".checkpoint", "--resume", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("starting from the beginning")));
  expect_nearly_the_same(folder / (kind + ".safetensors"), folder / "now.safetensors");
  const nlohmann::json then = said("train-" + kind);
  for (const char* loss : {"loss", "surrogate_loss", "noise_loss"})
    if (then.contains(loss)) {
      EXPECT_NEAR(ended.json().at(loss).get<double>(), then.at(loss).get<double>(), 0.02) << loss;
    }

  const Ended other =
      program_in(folder, {"train", kind, "--config", "flags.toml", "--seed", "77", "--out", "now.safetensors",
                          "--checkpoint", kind + ".checkpoint", "--resume"});
  EXPECT_EQ(other.code, 1) << "another run's";
}

INSTANTIATE_TEST_SUITE_P(Kinds, YesterdaysRun, testing::Values("clip", "classifier", "generator", "patterns"),
                         [](const auto& kind) { return std::string(kind.param); });

/// Steps differ by one at most, and few do: another machine rounds otherwise.
void expect_nearly_the_same_noise(NoiseLookup& then, NoiseLookup& now, const std::vector<std::string>& keys) {
  size_t different = 0, count = 0;
  for (const std::string& key : keys) {
    const Noise a = then.read(key), b = now.read(key);
    ASSERT_EQ(a.height, b.height);
    ASSERT_EQ(a.steps.size(), b.steps.size());
    for (size_t i = 0; i < a.steps.size(); ++i) {
      ASSERT_LE(std::abs(a.steps[i] - b.steps[i]), 1) << key;
      different += a.steps[i] != b.steps[i];
    }
    count += a.steps.size();
  }
  EXPECT_LE(different, count / 50);
}

std::vector<std::string> numbered(char letter, int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(concat(letter, i));
  return keys;
}

TEST(Yesterday, GeneratorsAndPatternsMakeTheirNoise) {
  const fs::path folder = copied_files();
  const Ended made = program_in(folder, {"noise", "--config", "flags.toml", "--out", "noise-now", "--json"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.json().at("generator_sha256"), said("noise").at("generator_sha256"));
  NoiseLookup then(folder / "noise"), now(folder / "noise-now");
  EXPECT_EQ(then.recipe(), now.recipe());
  EXPECT_EQ(read_text(folder / "noise/manifest.jsonl").substr(0, 300),
            read_text(folder / "noise-now/manifest.jsonl").substr(0, 300))
      << "the recipe's line";
  expect_nearly_the_same_noise(then, now, numbered('p', 16));

  const Ended patterns = program_in(
      folder, {"noise", "--method", "word_patterns", "--options", R"({"patterns": "patterns.safetensors"})",
               "--captions", "captions.jsonl", "--size", "8x8", "--out", "noise-patterns-now"});
  ASSERT_EQ(patterns.code, 0) << patterns.err;
  EXPECT_EQ(files_in(folder / "noise-patterns-now"), files_in(folder / "noise-patterns"))
      << "of whole numbers on every machine";
}

TEST(Yesterday, NoiseIsAppliedAndWhatWasPublishedPassesItsAudit) {
  const fs::path folder = copied_files();
  const Ended audited = program_in(folder, {"audit", "--config", "flags.toml", "--json"});
  ASSERT_EQ(audited.code, 0) << audited.err;
  EXPECT_EQ(audited.json().at("max_difference"), said("audit").at("max_difference"));
  const Ended applied = program_in(folder, {"apply", "--config", "flags.toml", "--out", "published-now"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(read_text(folder / "published-now/apply.json"), read_text(folder / "published/apply.json"));
  for (const std::string& key : numbered('p', 16))
    EXPECT_EQ(decode_image(read_file(folder / "published-now" / (key + ".png"))).pixels,
              decode_image(read_file(folder / "published" / (key + ".png"))).pixels);
  EXPECT_EQ(program_in(folder, {"apply", "--config", "flags.toml", "--out", "published", "--overwrite"}).code,
            0)
      << "known as ours";
}

TEST(Yesterday, ShardsGoOnAndAManifestGivesTheNoiseAgain) {
  const fs::path folder = copied_files();
  const auto half = files_in(folder / "shards");
  const auto made_then = said("shards").at("made").get<int>();
  const Ended ended =
      program_in(folder, {"noise-shards", "--config", "flags.toml", "--out", "shards", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("made"), 10 - made_then);
  EXPECT_EQ(ended.json().at("complete"), true);
  const auto whole = files_in(folder / "shards");
  for (const auto& [name, bytes] : half) EXPECT_EQ(whole.at(name), bytes) << name << " was made anew";

  const Ended again =
      program_in(folder, {"noise-shards", "--captions", "captions.jsonl", "--generator",
                          "generator.safetensors", "--again", "again", "--out", "remade", "--threads", "1"});
  ASSERT_EQ(again.code, 0) << again.err;
  NoiseLookup then(folder / "shards"), now(folder / "remade");
  expect_nearly_the_same_noise(then, now, numbered('k', 10));
}

TEST(Yesterday, ModelsAreMeasured) {
  const fs::path folder = copied_files();
  const double of_one_picture = 100.0 / 16 + 0.01;
  const Ended retrieval = program_in(folder, {"evaluate", "retrieval", "--config", "flags.toml", "--json"});
  ASSERT_EQ(retrieval.code, 0) << retrieval.err;
  const nlohmann::json then = said("evaluate-retrieval");
  EXPECT_EQ(retrieval.json().at("split"), then.at("split"));
  EXPECT_NEAR(retrieval.json().at("image_to_text").at("hit").at("5").get<double>(),
              then.at("image_to_text").at("hit").at("5").get<double>(), of_one_picture);
  const Ended classifier = program_in(folder, {"evaluate", "classifier", "--config", "flags.toml", "--json"});
  ASSERT_EQ(classifier.code, 0) << classifier.err;
  EXPECT_NEAR(classifier.json().at("accuracy").get<double>(),
              said("evaluate-classifier").at("accuracy").get<double>(), of_one_picture);
}

class YesterdaysPlan : public testing::TestWithParam<const char*> {
 protected:
  Ended bench() const {
    return program_in(folder, {"bench", concat(GetParam(), ".plan.toml"), "--data", ".", "--store", "store",
                               "--out", "tables", "--threads", "1", "--device", "cpu", "--json"});
  }
  const fs::path folder = copied_files();
};

TEST_P(YesterdaysPlan, FindsItsCells) {
  const auto before = files_in(folder / "store");
  const Ended ended = bench();
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("cells"), said(concat("bench-", GetParam())).at("cells"));
  auto after = files_in(folder / "store");
  std::erase_if(after, [](const auto& file) {
    return file.first.starts_with("locks") || file.first.starts_with("pictures-");
  });
  EXPECT_EQ(names_of(after), names_of(before)) << "nothing is trained or protected again";
  EXPECT_EQ(after, before);
}

/// Without the cells: rows take yesterday's generators, noise and pictures, and victims learn the same again.
TEST_P(YesterdaysPlan, FindsWhatItsRowsTrained) {
  const auto before = files_in(folder / "store");
  fs::remove_all(folder / "store/cells");
  const Ended ended = bench();
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto after = files_in(folder / "store");
  size_t cells = 0;
  for (const auto& [name, text] : after) {
    if (name.starts_with("models/") || name.starts_with("protected-1ebf3cd6d50bde7e7e6ad5d8/")) {
      EXPECT_TRUE(before.contains(name)) << name << " is new";
    }
    if (!name.starts_with("cells/")) continue;
    ++cells;
    ASSERT_TRUE(before.contains(name)) << name << " has another key: " << text;
    const auto then = nlohmann::json::parse(before.at(name)), now = nlohmann::json::parse(text);
    for (const char* same : {"row", "victim", "identity", "recipe", "split", "defence", "ratio", "pictures"})
      EXPECT_EQ(now.at(same), with_present_names(then.at(same), same)) << name;
    EXPECT_NEAR(now.at("epochs")[0].at("loss").get<double>(), then.at("epochs")[0].at("loss").get<double>(),
                0.02)
        << name;
    if (then.contains("measured")) {
      EXPECT_NEAR(now.at("measured").at("linf").get<double>(), then.at("measured").at("linf").get<double>(),
                  1)
          << name;
    }
  }
  EXPECT_EQ(cells, ended.json().at("cells"));
  for (const auto& [name, bytes] : before) {
    if (name.starts_with("cells/")) continue;
    EXPECT_EQ(after.at(name), bytes) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, YesterdaysPlan, testing::Values("captions", "classes"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
