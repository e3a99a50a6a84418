// Fuzz the matching engine: alone (fuzz SECONDS SEED DIRECTORY), from one file (fuzz run FILE), or under libFuzzer.
// Compare what it answers to a file with the events in another one: fuzz expect FILE EVENTS.
//
// Built with -fsanitize=address,undefined. Where the compiler can trace blocks (g++), an input that reaches something
// new is kept and mutated further. A finding is written to the directory, and the exit code is 77.

#include <csignal>
#include <ctime>
#include <string>
#include <unistd.h>

#include "execute.hpp"
#include "mutate.hpp"

extern "C" void __sanitizer_set_death_callback(void (*callback)(void));

namespace fuzz {

std::string directory = ".";  // where a finding is written to
const Input* current = nullptr;
uint64_t current_seed = 0;
bool written_down = false;

void write_down() {
    if (!current || written_down) return;
    written_down = true;
    const std::string name = directory + "/finding-" + std::to_string(current_seed) + ".bin";
    const auto bytes = written(*current);
    if (std::FILE* file = std::fopen(name.c_str(), "wb")) {
        std::fwrite(bytes.data(), 1, bytes.size(), file);
        std::fclose(file);
        std::fprintf(stderr, "\nreproduce with: %s\n", name.c_str());
    }
}

[[noreturn]] void found(const char* what) {
    std::fprintf(stderr, "\nbroken: %s\n", what);
    write_down();
#ifdef ALEF_LIBFUZZER
    std::abort();
#else
    std::fflush(stderr);
    _exit(77);
#endif
}

void on_signal(int number) {
    found(number == SIGALRM ? "an input is answered within 60 seconds" : "the engine does not abort");
}

void run(const Input& input, uint64_t seed) {
    current = &input;
    current_seed = seed;
    execute(input, seed);
    current = nullptr;
}

uint64_t seed_of(const uint8_t* bytes, size_t size) {
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

}  // namespace fuzz

#ifdef ALEF_LIBFUZZER
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
    fuzz::Dice dice(seed);
    const fuzz::Input from = fuzz::parse(data, size), other = fuzz::draw_input(dice, 30);
    auto bytes = fuzz::written(fuzz::mutate(dice, from, other, most / 80));
    bytes.resize(std::min(bytes.size(), most));
    std::copy(bytes.begin(), bytes.end(), data);
    return bytes.size();
}
#endif

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::run(fuzz::parse(data, size), fuzz::seed_of(data, size));
    return 0;
}

#ifndef ALEF_LIBFUZZER
extern "C" size_t alef_new_blocks();  // blocks.cpp: how many were reached now that never were before

namespace fuzz {

Bytes content_of(const char* name) {
    Bytes bytes;
    std::FILE* file = std::fopen(name, "rb");
    if (!file) {
        std::perror(name);
        std::exit(2);
    }
    for (int byte; (byte = std::fgetc(file)) != EOF;) bytes.push_back(static_cast<uint8_t>(byte));
    std::fclose(file);
    return bytes;
}

// The stream in a file is answered by the events in another one.
int expect(const char* name, const char* events) {
    const Bytes bytes = content_of(name);
    const Input input = parse(bytes.data(), bytes.size());
    Engine engine;
    open_all(engine, input);
    const Bytes told = answers(engine, input.commands.data(), input.commands.size());
    check(told == content_of(events), "the events are those expected");
    return 0;
}

int run_file(const char* name) {
    const Bytes bytes = content_of(name);
    const Input input = parse(bytes.data(), bytes.size());
    const uint64_t cuts = input.commands.size() > 20000 ? 2 : 40;  // a finding may hang on where the stream is cut
    for (uint64_t seed = 0; seed < cuts; ++seed) run(input, seed);
    return 0;
}

int run_for(double seconds, uint64_t seed) {
    Dice dice(seed);
    std::vector<Input> corpus;
    uint64_t executions = 0, commands = 0, blocks = 0;
    const std::time_t start = std::time(nullptr);
    while (std::difftime(std::time(nullptr), start) < seconds) {
        const size_t most = dice.chance(95) ? 150 : 2500;
        Input input;
        if (corpus.empty() || dice.chance(5)) {
            input = draw_input(dice, 1 + dice.below(most));
        } else {
            const size_t newest = dice.chance(50) ? std::min<size_t>(corpus.size(), 50) : corpus.size();
            const Input& from = corpus[corpus.size() - 1 - dice.below(newest)];
            input = mutate(dice, from, corpus[dice.below(corpus.size())], most);
        }
        alarm(60);
        run(input, dice.bits());
        ++executions;
        commands += input.commands.size();
        if (const size_t fresh = alef_new_blocks()) {
            blocks += fresh;
            corpus.push_back(std::move(input));
        }
    }
    std::printf("{\"seed\": %llu, \"executions\": %llu, \"commands\": %llu, \"blocks\": %llu, \"corpus\": %zu}\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(executions),
                static_cast<unsigned long long>(commands), static_cast<unsigned long long>(blocks), corpus.size());
    return 0;
}

}  // namespace fuzz

int main(int count, char** words) {
    __sanitizer_set_death_callback(fuzz::write_down);
    std::signal(SIGALRM, fuzz::on_signal);
    std::signal(SIGABRT, fuzz::on_signal);
    const std::string first = count > 1 ? words[1] : "";
    if (first == "expect" && count == 4) return fuzz::expect(words[2], words[3]);
    if (first == "run" && count >= 3) {
        if (count > 3) fuzz::directory = words[3];
        return fuzz::run_file(words[2]);
    }
    if (count < 4) return std::fprintf(stderr, "usage: fuzz SECONDS SEED DIRECTORY | run FILE [DIRECTORY] | expect FILE EVENTS\n"), 2;
    fuzz::directory = words[3];
    return fuzz::run_for(std::atof(words[1]), std::strtoull(words[2], nullptr, 10));
}
#endif
