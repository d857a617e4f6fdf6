// Running the program as a child process, on tiny pictures and models.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image_codec.hpp>

#include "data/pictures.hpp"

namespace t2ue::testing_apps {

using Words = std::vector<std::string>;

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// How a child ended: its exit code, or -1 if it was killed.
struct Ended {
  int code = 0;
  std::string out, err;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

inline int open_new(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/// Runs a program to its end, or kills it (signal 9) after `kill_after` seconds.
inline Ended run(const Words& words, double kill_after = 0) {
  const std::filesystem::path out = testing::TempDir() + concat("t2ue-child-", ::getpid(), ".out");
  const std::filesystem::path err = testing::TempDir() + concat("t2ue-child-", ::getpid(), ".err");
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // Opened here: a child that is killed at once might not have come to it.
  const int out_file = open_new(out), err_file = open_new(err);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out_file, STDOUT_FILENO);
    ::dup2(err_file, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(out_file);
  ::close(err_file);
  if (kill_after > 0) {
    std::this_thread::sleep_for(std::chrono::duration<double>(kill_after));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Ended ended{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(out), read_text(err)};
  std::filesystem::remove(out);
  std::filesystem::remove(err);
  return ended;
}

inline Ended program(const Words& words, double kill_after = 0) {
  return run(Words{T2UE_PROGRAM} + words, kill_after);
}

/// Pictures with captions and labels, configurations, a trained CLIP and a trained generator: made once.
struct Workshop {
  std::filesystem::path folder, pictures, clip_json, generator_json, classifier_json, clip, generator;

  static const Workshop& get() {
    static const Workshop workshop;
    return workshop;
  }

  ~Workshop() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  Words train_clip(const std::filesystem::path& out) const {
    return {"train",     "clip", "--data",  pictures, "--clip",   clip_json, "--out", out,
            "--threads", "1",    "--batch", "8",      "--epochs", "2",       "--json"};
  }
  Words train_classifier(const std::filesystem::path& out) const {
    return {"train",         "classifier", "--data",   pictures,    "--classifier",
            classifier_json, "--out",      out,        "--threads", "1",
            "--batch",       "8",          "--epochs", "2",         "--json"};
  }
  Words train_generator(const std::filesystem::path& out) const {
    return {"train",   "generator",   "--data",       pictures, "--clip", clip_json,   "--text",
            clip,      "--generator", generator_json, "--out",  out,      "--threads", "1",
            "--batch", "8",           "--rounds",     "2",      "--json"};
  }

  /// Sixteen pictures of 8 x 8, of other pixels for another seed, each with a caption and a label of its own.
  static void write_labelled(const std::filesystem::path& into, uint64_t seed) {
    const Words things{"cat", "dog", "sun", "moon"}, colours{"red", "green", "blue", "black"};
    std::filesystem::create_directories(into);
    std::string list;
    for (size_t i = 0; i < 16; ++i) {
      const std::string key = concat("p", i);
      write_file(into / (key + ".png"), encode_png(testing_data::random_image(8, 8, 3, 1000 * seed + i)));
      const nlohmann::json line{{"key", key},
                                {"image", key + ".png"},
                                {"caption", colours[i / 4] + " " + things[i % 4]},
                                {"label", things[i % 4]}};
      list += line.dump() + "\n";
    }
    write_file(into / "pairs.jsonl", list);
  }

 private:
  Workshop() {
    folder = std::filesystem::path(testing::TempDir()) / concat("t2ue-workshop-", ::getpid());
    std::filesystem::remove_all(folder);
    pictures = folder / "pictures";
    clip_json = folder / "tiny.json";
    generator_json = folder / "tiny-generator.json";
    classifier_json = folder / "tiny-classifier.json";
    clip = folder / "clip.safetensors";
    generator = folder / "generator.safetensors";
    write_labelled(pictures, 0);
    write_file(clip_json, R"({"embed_dim": 16, "vision_cfg": {"image_size": 8, "widths": [8], "blocks": [1]},
      "text_cfg": {"context_length": 32, "vocab_size": 280, "width": 16, "heads": 2, "layers": 1}})");
    write_file(generator_json,
               R"({"latent": 4, "condition": 16, "width": 4, "multipliers": [2, 2], "hidden": 8,
      "mask_hidden": 4, "eps_steps": 8, "gain_start": 1, "modulation_start": 0.5,
      "output_start": 8, "resampler": "nearest"})");
    write_file(classifier_json, R"({"image_size": 8, "widths": [8], "blocks": [1]})");
    for (const Words& words : {train_clip(clip), train_generator(generator)}) {
      const Ended ended = program(words);
      if (ended.code != 0) throw Error("the workshop's models cannot be trained: " + ended.err);
    }
  }
};

}  // namespace t2ue::testing_apps
