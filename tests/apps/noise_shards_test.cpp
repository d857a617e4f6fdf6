// `t2ue noise-shards` as its users meet it: killed, out of space, beside itself, with bad captions; and what
// apply and audit do with its shards.
#include "apps/program.hpp"

#include <map>
#include <set>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/captions.hpp>
#include <t2ue/data/tar_shard.hpp>
#include <t2ue/methods/noise_lookup.hpp>
#include <t2ue/methods/shard_job.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;
using Path = std::filesystem::path;

/// Three files of captions, 150 in all.
Path write_captions(const Path& folder) {
  std::filesystem::create_directories(folder);
  const Words things{"cat", "dog", "sun", "moon"}, colours{"red", "green", "blue", "black"};
  int number = 0;
  for (const int count : {90, 37, 23}) {
    std::string text;
    for (int i = 0; i < count; ++i, ++number)
      text += nlohmann::json{{"key", concat('k', number)},
                             {"caption", concat(colours[static_cast<size_t>(number / 4) % 4], ' ',
                                                things[static_cast<size_t>(number) % 4], ' ', number)}}
                  .dump() +
              "\n";
    write_file(folder / concat("part-", count, ".jsonl"), std::string_view(text));
  }
  return folder;
}

Words shards(const Path& captions, const Path& out, const Words& more = {}) {
  return Words{"noise-shards",
               "--generator",
               Workshop::get().generator,
               "--captions",
               captions,
               "--out",
               out,
               "--shard-items",
               "8",
               "--threads",
               "1",
               "--json"} +
         more;
}

/// Every file that is not hidden, by its path in the folder.
std::map<std::string, std::string> contents(const Path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const Path inside = entry.path().lexically_relative(folder);
    if (entry.is_regular_file() && !inside.filename().string().starts_with('.'))
      files[inside.string()] = read_text(entry.path());
  }
  return files;
}

/// The keys of all noises, in order.
Words keys_in(const Path& folder) {
  const ShardRecipe recipe = read_shard_recipe(folder);
  Words keys;
  for (const auto& [name, text] : contents(folder)) {
    if (!name.ends_with(".safetensors") || name.find('/') == std::string::npos) continue;
    const NoiseShard shard(folder / name, recipe.noise);
    for (size_t i = 0; i < shard.count(); ++i) keys.emplace_back(shard.key(i));
  }
  return keys;
}

/// Runs to the end, and gives the folder's files.
std::map<std::string, std::string> whole(const Path& captions, const Path& out, const Words& more = {}) {
  const Ended ended = program(shards(captions, out, more));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("complete"), true);
  return contents(out);
}

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

TEST(NoiseShards, AreAppliedToPicturesInShardsAndAudited) {
  const auto folder = fresh_folder();
  Image first = random_image(9, 7, 3, 100);
  first.icc = {1, 2, 3};
  first.exif = exif_block(6);
  first.orientation = 6;
  for (const int shard : {0, 1}) {
    ShardWriter writer(folder / concat("set-", shard, shard == 0 ? ".tar" : ".tar.gz"));
    for (int i = 0; i < 10; ++i) {
      const int number = shard * 10 + i;
      const Image picture = number == 0 ? first : random_image(8, 8, 3, static_cast<uint64_t>(number));
      writer.add(
          {concat('t', number),
           {{"png", encode_png(picture)}, {"txt", bytes_of(concat("red cat ", number, "\nsecond\n"))}}});
    }
    writer.commit();
  }
  const auto untouched = contents(folder);
  const std::string pattern = (folder / "set-{0..0}.tar").string(), both = folder.string();
  ASSERT_EQ(program(shards(both, folder / "noise")).code, 0);
  const Ended applied = program(
      {"apply", "--pictures", both, "--noise", folder / "noise", "--out", folder / "protected", "--json"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(applied.json().at("applied"), 20);
  const Image saved = load_image(folder / "protected/t0.png");
  EXPECT_EQ(saved.icc, first.icc);
  EXPECT_EQ(saved.exif, first.exif);
  EXPECT_EQ(saved.orientation, 6);
  const Words audit{"audit", "--originals", both, "--protected", folder / "protected", "--json"};
  const Ended audited = program(audit);
  EXPECT_EQ(audited.code, 0) << audited.out;
  EXPECT_EQ(audited.json().at("pictures"), 20);
  EXPECT_EQ(audited.json().at("missing"), 0);
  EXPECT_EQ(audited.json().at("unchanged"), 0);
  EXPECT_EQ(program(audit + Words{"--eps", "1"}).code, 1);

  // One noise a caption: each picture is written once for each of its captions.
  ASSERT_EQ(program(shards(pattern, folder / "each", {"--per", "caption", "--latent", "item"})).code, 0);
  EXPECT_EQ(nlohmann::json::parse(read_text(folder / "each/manifest.json")).at("per"), "caption");
  const Ended rows = program(
      {"apply", "--pictures", pattern, "--noise", folder / "each", "--out", folder / "rows", "--json"});
  ASSERT_EQ(rows.code, 0) << rows.err;
  EXPECT_EQ(rows.json().at("applied"), 20);
  const auto pairs = read_pairs_folder(folder / "rows");
  EXPECT_EQ(pairs[1].key, "t0#2");
  EXPECT_EQ(pairs[1].captions, (Words{"second"}));
  const Ended rows_audited =
      program({"audit", "--originals", pattern, "--protected", folder / "rows", "--json"});
  EXPECT_EQ(rows_audited.code, 0) << rows_audited.out;
  EXPECT_EQ(rows_audited.json().at("missing"), 0);

  // A damaged noise is found before it is added.
  const Path chunk = chunk_path(folder / "noise", 0, 0);
  std::string bytes = read_text(chunk);
  const NoiseShard shard(chunk, read_shard_recipe(folder / "noise").noise);
  const Noise noise = shard.noise(0);
  const size_t at =
      bytes.find(std::string(reinterpret_cast<const char*>(noise.steps.data()), noise.steps.size()));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_file(chunk, std::string_view(bytes));
  const Ended refused = program(
      {"apply", "--pictures", both, "--noise", folder / "noise", "--out", folder / "again", "--skip-bad"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("000000.safetensors"), HasSubstr("checksum")));
  for (const auto& [name, text] : untouched) EXPECT_EQ(read_text(folder / name), text) << name;
}

TEST(NoisePer, CaptionIsAlsoForTheNoiseCommand) {
  const auto folder = fresh_folder();
  write_file(folder / "list.csv", std::string_view("key,caption\na,red cat\na,blue dog\nb,green sun\n"));
  const Words words{"noise",
                    "--generator",
                    Workshop::get().generator,
                    "--captions",
                    folder / "list.csv",
                    "--out",
                    folder / "noise",
                    "--per",
                    "caption"};
  ASSERT_EQ(program(words).code, 0);
  const NoiseManifest manifest = read_noise_manifest(folder / "noise");
  EXPECT_EQ(manifest.recipe.per, NoisePer::caption);
  ASSERT_EQ(manifest.items.size(), 3u);
  EXPECT_EQ(manifest.items[1].key, "a#2");
  EXPECT_EQ(manifest.items[1].caption, "blue dog");
  EXPECT_EQ(program(words + Words{"--labels", "--overwrite"}).code, 2);
}

}  // namespace
