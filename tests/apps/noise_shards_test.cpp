// `t2ue noise-shards` as its users meet it: killed, out of space, beside itself, with bad captions.
#include "apps/shards.hpp"

#include <set>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/records/tar_shard.hpp>
#include <t2ue/noise/noise_lookup.hpp>
#include <t2ue/noise/shard_job.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;

TEST(NoiseShards, HoldEveryCaptionOnceWithTheNoiseOfTheNoiseCommand) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const Ended ended = program(shards(captions, folder / "out", {"--progress"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("noise-shards"), HasSubstr("/s"), HasSubstr("100 % of the files")));
  EXPECT_EQ(ended.json().at("made"), 150);
  EXPECT_EQ(ended.json().at("items"), 150);
  EXPECT_EQ(ended.json().at("chunks"), 5 + 12 + 3);
  EXPECT_EQ(ended.json().at("duplicates"), 0);
  const Words keys = keys_in(folder / "out");
  EXPECT_EQ(keys.size(), 150u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 150u);

  const Ended one_by_one = program({"noise", "--generator", Workshop::get().generator, "--captions",
                                    captions / "part-37.jsonl", "--out", folder / "one", "--threads", "1"});
  ASSERT_EQ(one_by_one.code, 0) << one_by_one.err;
  NoiseLookup one(folder / "one"), many(folder / "out");
  for (int i = 90; i < 127; ++i)
    EXPECT_EQ(one.read(concat('k', i)).steps, many.read(concat('k', i)).steps) << i;
  EXPECT_FALSE(many.has("k150"));

  const auto before = contents(folder / "out");
  const Ended again = program(shards(captions, folder / "out"));
  EXPECT_EQ(again.json().at("made"), 0);
  EXPECT_EQ(again.json().at("items"), 150);
  EXPECT_EQ(contents(folder / "out"), before);
}

TEST(NoiseShards, FiftyKillsLeaveTheBytesOfAnUninterruptedRun) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const auto started = std::chrono::steady_clock::now();
  const auto expected = whole(captions, folder / "expected");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  int kills = 0, half_done = 0;
  Random random(1, Purpose::test);
  while (kills < 50) {
    const Ended ended =
        program(shards(captions, folder / "out"), std::max(1e-3, 1.1 * seconds * random.uniform()));
    if (ended.code < 0) {
      ++kills;
      half_done += is_shard_folder(folder / "out") && !std::filesystem::exists(folder / "out/manifest.json");
      continue;
    }
    ASSERT_EQ(ended.code, 0) << ended.err;
    ASSERT_EQ(contents(folder / "out"), expected) << "after " << kills << " kills";
    std::filesystem::remove_all(folder / "out");
  }
  EXPECT_EQ(whole(captions, folder / "out"), expected);
  EXPECT_GT(half_done, 10) << "kills that left nothing to go on from prove nothing";
}

TEST(NoiseShards, TwoProcessesShareAFolder) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const auto expected = whole(captions, folder / "expected");
  const auto start = [&](int rank, int world, const Path& out) {
    Words words = shards(captions, out, {"--rank", concat(rank), "--world", concat(world)});
    words.insert(words.begin(), T2UE_PROGRAM);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(open_new(folder / concat("out-", rank)), STDOUT_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    return child;
  };
  // Two of three files each, or every file by chunks: fewer files than processes.
  for (const int world : {2, 5}) {
    const Path out = folder / concat("world-", world);
    std::vector<pid_t> children;
    for (int rank = 0; rank < world; ++rank) children.push_back(start(rank, world, out));
    int64_t made = 0;
    for (int rank = 0; rank < world; ++rank) {
      int status = 0;
      ::waitpid(children[static_cast<size_t>(rank)], &status, 0);
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
      made += nlohmann::json::parse(read_text(folder / concat("out-", rank))).at("made").get<int64_t>();
    }
    EXPECT_EQ(made, 150) << "none was made twice";
    EXPECT_EQ(contents(out), expected);
  }
  // A half alone is not complete, and is no noise to apply.
  const Ended half = program(shards(captions, folder / "half", {"--rank", "1", "--world", "2"}));
  EXPECT_EQ(half.code, 0) << half.err;
  EXPECT_EQ(half.json().at("complete"), false);
  EXPECT_THAT(error_of([&] { NoiseLookup(folder / "half"); }), HasSubstr("not complete"));
  const FileLock lock(folder / "half/.lock-0-of-2");
  const Ended taken = program(shards(captions, folder / "half", {"--rank", "0", "--world", "2"}));
  EXPECT_EQ(taken.code, 1);
  EXPECT_THAT(taken.err, HasSubstr("another process"));
}

TEST(NoiseShards, AFullDiskIsAnErrorFromWhichItGoesOn) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const auto expected = whole(captions, folder / "expected");
  // A limit on the size of files stands for the full disk: write() fails in the same manner. 512-byte blocks.
  std::string command = "ulimit -f 2; trap '' XFSZ; exec " + std::string(T2UE_PROGRAM);
  for (const std::string& word : shards(captions, folder / "out")) command += " '" + word + "'";
  const Ended full = run({"sh", "-c", command});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, AllOf(HasSubstr("cannot write"), HasSubstr("safetensors")));
  for (const auto& [name, text] : contents(folder / "out"))
    EXPECT_FALSE(name.ends_with(".safetensors")) << name;
  EXPECT_EQ(whole(captions, folder / "out"), expected);
}

TEST(NoiseShards, AnotherRecipeOrOtherCaptionsAreRefused) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions"), out = folder / "out";
  const auto expected = whole(captions, out);
  const auto refused = [&](const Words& more, const std::vector<std::string>& parts, const Path& from) {
    const Ended ended = program(shards(from, out, more));
    EXPECT_EQ(ended.code, 1);
    for (const std::string& part : parts) EXPECT_THAT(ended.err, HasSubstr(part));
    EXPECT_EQ(contents(out), expected);
  };
  refused({"--seed", "99"}, {"seed", "99"}, captions);
  refused({"--size", "4x4"}, {"size"}, captions);
  refused({"--shard-items", "9"}, {"shard_items 8", "not 9"}, captions);
  refused({"--per", "caption"}, {"per", "picture"}, captions);
  refused({"--latent", "item"}, {"latent"}, captions);
  refused({"--manifest-only"}, {"manifest_only"}, captions);
  refused({"--captions", captions / "part-37.jsonl"}, {"3 caption files", "not 4"}, captions);

  const Path changed = folder / "changed";
  const auto change = [&](const std::string& name, auto&& edit) {
    std::filesystem::remove_all(changed);
    std::filesystem::copy(captions, changed);
    std::string text = read_text(changed / name);
    edit(text);
    write_file(changed / name, std::string_view(text));
  };
  change("part-90.jsonl", [](std::string& text) { text.replace(text.find(" 77"), 3, " 78"); });
  refused({}, {"part-90.jsonl", "other captions", "items 72 to 79"}, changed);
  change("part-90.jsonl", [](std::string& text) { text += "{\"key\":\"new\",\"caption\":\"new\"}\n"; });
  refused({}, {"part-90.jsonl", "other captions"}, changed);
  change("part-90.jsonl", [](std::string& text) { text.resize(text.find("{", text.find(" 79"))); });
  refused({}, {"part-90.jsonl", "others than when"}, changed);

  // A shard that was cut short by something else than the program is damaged, and never taken for whole.
  const Path chunk = chunk_path(out, 0, 1);
  const std::string bytes = read_text(chunk);
  write_file(chunk, std::string_view(bytes).substr(0, bytes.size() - 1));
  const Ended damaged = program(shards(captions, out));
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("000001.safetensors"));
  std::filesystem::remove(chunk);
  EXPECT_EQ(whole(captions, out), expected);
}

TEST(NoiseShards, AFolderOfSomethingElseIsKept) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const auto before = contents(captions);
  const Ended ended = program(shards(captions, captions));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("already there"));
  EXPECT_EQ(contents(captions), before);
  EXPECT_FALSE(std::filesystem::exists(captions / ".lock"));
}

TEST(NoiseShards, AManifestMakesTheSameShardsAgain) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions");
  const Words recipe{"--seed", "5", "--latent", "item", "--size", "4x6"};
  const auto expected = whole(captions, folder / "expected", recipe);
  const auto manifest = whole(captions, folder / "manifest", recipe + Words{"--manifest-only"});
  size_t bytes = 0;
  for (const auto& [name, text] : manifest) bytes += name.find('/') == std::string::npos ? 0 : text.size();
  EXPECT_LT(bytes, 150u * 16 + 20 * 300 + 3 * 200);
  EXPECT_THAT(error_of([&] { NoiseLookup(folder / "manifest"); }), HasSubstr("--again"));

  const Words again{"noise-shards",      "--generator", Workshop::get().generator,
                    "--captions",        captions,      "--again",
                    folder / "manifest", "--out",       folder / "out",
                    "--threads",         "1",           "--json"};
  const Ended made = program(again);
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(contents(folder / "out"), expected);
  EXPECT_EQ(program(again + Words{"--seed", "6"}).code, 2) << "the manifest decides";

  std::string text = read_text(captions / "part-23.jsonl");
  text.replace(text.find(" 140"), 4, " 141");
  write_file(captions / "part-23.jsonl", std::string_view(text));
  std::filesystem::remove_all(folder / "out");
  const Ended other = program(again);
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, AllOf(HasSubstr("part-23.jsonl"), HasSubstr("other captions")));

  Words words = again;
  words[2] = (folder / "other.safetensors").string();
  ASSERT_EQ(program(Workshop::get().train_generator(words[2]) + Words{"--seed", "77"}).code, 0);
  const Ended generator = program(words);
  EXPECT_EQ(generator.code, 1);
  EXPECT_THAT(generator.err, HasSubstr("generator"));
}

TEST(NoiseShards, KeysThatComeTwiceAreFoundAcrossFiles) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions"), out = folder / "out";
  write_file(
      captions / "x.jsonl",
      std::string_view("{\"key\":\"k7\",\"caption\":\"another\"}\n{\"key\":\"n\",\"caption\":\"n\"}\n"));
  for (const Words& more : {Words{}, Words{"--manifest-only"}}) {
    std::filesystem::remove_all(out);
    const Ended ended = program(shards(captions, out, more));
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("1 items have a key"), HasSubstr("item 7 of"),
                                 HasSubstr("part-90.jsonl"), HasSubstr("item 0 of"), HasSubstr("x.jsonl")));
    EXPECT_FALSE(std::filesystem::exists(out / "manifest.json"));
    const Ended counted = program(shards(captions, out, more + Words{"--skip-bad"}));
    ASSERT_EQ(counted.code, 0) << counted.err;
    EXPECT_EQ(counted.json().at("duplicates"), 1);
    EXPECT_EQ(counted.json().at("made"), 0);
  }
}

TEST(NoiseShards, BadCaptionsStopOrAreCounted) {
  const auto folder = fresh_folder();
  const Path captions = write_captions(folder / "captions"), out = folder / "out";
  const std::string million(1'000'000, 'a');
  write_file(captions / "bad.txt", std::string_view("good\n\n\xff\xfe\n" + million + "\r\nmixed\r\nends\n"));
  {
    ShardWriter writer(captions / "cut.tar");
    for (int i = 0; i < 12; ++i)
      writer.add({concat('t', i),
                  {{"png", encode_png(random_image(8, 8, 3, static_cast<uint64_t>(i)))},
                   {"txt", bytes_of(concat("picture ", i))}}});
    writer.commit();
    const std::string tar = read_text(captions / "cut.tar");
    write_file(captions / "cut.tar", std::string_view(tar).substr(0, tar.size() / 2));
  }
  const Ended stopped = program(shards(captions, out));
  EXPECT_EQ(stopped.code, 1);
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("bad.txt, line 2"), HasSubstr("empty")));
  const Ended counted = program(shards(captions, out, {"--skip-bad"}));
  ASSERT_EQ(counted.code, 0) << counted.err;
  EXPECT_EQ(counted.json().at("bad"), 4);
  EXPECT_THAT(counted.err, AllOf(HasSubstr("line 3"), HasSubstr("line 4"), HasSubstr("1000000 bytes"),
                                 HasSubstr("cut.tar"), HasSubstr("truncated")));
  const Words keys = keys_in(out);
  EXPECT_EQ(static_cast<int64_t>(keys.size()), counted.json().at("items").get<int64_t>());
  EXPECT_THAT(keys, testing::IsSupersetOf({"bad/1", "bad/5", "bad/6", "t0", "t4", "k149"}));
}

}  // namespace
