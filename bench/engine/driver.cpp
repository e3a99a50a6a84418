// Measures the compiled core itself: no Python in the process. Reads a request from each line of its standard input
// and answers each with one line of JSON.
//
//   load FILE SETUP COUNT   read COMMAND records; the first SETUP build the book, the next COUNT are timed
//   round [BEST]            seconds, also on the processor, that batches of 1,000 of the timed part take a new engine,
//                           in a moment in which the yardstick is near the best it ever said
//   check                   what happened in all of it: trades, volume, value, digest of the events
//   latency [BEST]          nanoseconds of single commands
//   memory                  bytes of the book, and what is left of them when it is empty
//   chase BYTES             nanoseconds of one dependent load from so many bytes
//   quit
//
// One process measures one thing at a time. Memory is asked for in a process that did nothing else before.
#include "driver.hpp"

namespace {

using namespace bench;

struct Flow {
    std::vector<alef::Command> commands;
    size_t setup = 0;

    const alef::Command* timed() const { return commands.data() + setup; }
    size_t count() const { return commands.size() - setup; }
};

std::unique_ptr<alef::Engine> opened() {
    auto engine = std::make_unique<alef::Engine>();
    engine->open_instrument(1, 1, 1, 0, 0);
    return engine;
}

// Carries out commands in batches of 1,000 and calls `look` between them, while the events of one batch are there.
template <class Look>
void play(alef::Engine& engine, const alef::Command* commands, size_t count, alef::EventBuffer& events, Look look) {
    for (size_t start = 0; start < count; start += BATCH) {
        engine.apply(commands + start, std::min(BATCH, count - start), events);
        look(events);
        events.clear();
    }
}

Flow load(std::istringstream& request) {
    std::string path;
    size_t setup = 0, count = 0;
    request >> path >> setup >> count;
    Flow flow;
    flow.setup = setup;
    flow.commands.resize(setup + count);
    const size_t size = flow.commands.size() * sizeof(alef::Command);
    FILE* file = std::fopen(path.c_str(), "rb");
    if (!file || std::fread(flow.commands.data(), 1, size, file) != size) fail("cannot read " + path);
    std::fclose(file);
    return flow;
}

// Times batches. Each is copied first to the place where the one before was: a venue reads its commands into the same
// memory again and again, and a file of 80 MB would take the cache from the book.
void measure_round(const Flow& flow, double best) {
    auto engine = opened();
    alef::EventBuffer events;
    play(*engine, flow.commands.data(), flow.setup, events, [](const alef::EventBuffer&) {});
    std::vector<alef::Command> received(BATCH);
    wait_for_quiet(best);
    const double before = yardstick();
    size_t happened = 0;
    double clock = 0, processor = 0;
    for (size_t start = 0; start < flow.count(); start += BATCH) {
        const size_t size = std::min(BATCH, flow.count() - start);
        std::copy_n(flow.timed() + start, size, received.data());
        const auto began = Clock::now();
        const double used = processor_seconds();
        engine->apply(received.data(), size, events);
        processor += processor_seconds() - used;
        clock += since(began);
        happened += events.size();
        events.clear();
    }
    std::printf("{\"seconds\": %.9f, \"processor_seconds\": %.9f, \"commands\": %zu, \"events\": %zu, "
                "\"yardstick_ns\": %.2f}\n", clock, processor, flow.count(), happened, std::max(before, yardstick()));
}

void check(const Flow& flow) {
    auto engine = opened();
    alef::EventBuffer events;
    Tally tally;
    auto look = [&](const alef::EventBuffer& some) { tally.add(some.data(), some.size()); };
    play(*engine, flow.commands.data(), flow.setup, events, look);
    tally.trading = 0;
    play(*engine, flow.timed(), flow.count(), events, look);
    const auto memory = engine->memory();
    std::printf(
        "{\"events\": %llu, \"trades\": %llu, \"volume\": %llu, \"value\": %s, \"refused\": %llu, \"trading\": %llu, "
        "\"live\": %llu, \"order_bytes\": %llu, \"digest\": \"%016llx\"}\n",
        ull(tally.events), ull(tally.trades), ull(tally.volume), decimal(tally.value).c_str(), ull(tally.refused),
        ull(tally.trading), ull(memory.live_orders), ull(memory.order_bytes), ull(tally.digest));
}

// Times every command alone. What reading the timer costs is the median of as many pairs of readings with nothing
// between them, and is taken off each time. A command is copied to a small buffer first: one that has just been
// received is in the cache.
void measure_latency(const Flow& flow, double best) {
    auto engine = opened();
    alef::EventBuffer events;
    play(*engine, flow.commands.data(), flow.setup, events, [](const alef::EventBuffer&) {});
    std::vector<uint32_t> times(flow.count()), empty(flow.count());
    const double ticks = ticks_per_nanosecond();
    wait_for_quiet(best);
    for (auto& time : empty) {
        const uint64_t start = timer_start();
        time = narrow(timer_end() - start);
    }
    const uint64_t overhead = percentile(empty, 500);
    alef::Command received[RECEIVED];
    for (size_t n = 0; n < flow.count(); ++n) {
        if (n % BATCH == 0) events.clear();
        if (n % RECEIVED == 0)
            std::copy_n(flow.timed() + n, std::min(RECEIVED, flow.count() - n), received);
        const uint64_t start = timer_start();
        engine->apply(received + n % RECEIVED, 1, events);
        times[n] = narrow(timer_end() - start);
    }
    auto nanoseconds = [&](size_t thousandth) {
        const uint64_t time = percentile(times, thousandth);
        return (time > overhead ? double(time - overhead) : 0.0) / ticks;
    };
    std::printf(
        "{\"p50_ns\": %.1f, \"p99_ns\": %.1f, \"p99_9_ns\": %.1f, \"max_ns\": %.0f, \"timer_ns\": %.1f, "
        "\"timer\": \"%s\"}\n",
        nanoseconds(500), nanoseconds(990), nanoseconds(999), nanoseconds(1000), double(overhead) / ticks, TIMER);
}

// Cancels every order that the flow ever made, as the venue; those that are gone are refused.
void empty_out(alef::Engine& engine, const Flow& flow, alef::EventBuffer& events) {
    std::vector<alef::Command> cancels;
    for (const auto& command : flow.commands) {
        if (command.op != NEW) continue;
        alef::Command cancel{};
        cancel.op = CANCEL;
        cancel.instrument = command.instrument;
        cancel.order_id = command.order_id;
        cancels.push_back(cancel);
        if (cancels.size() < BATCH) continue;
        engine.apply(cancels.data(), cancels.size(), events);
        events.clear();
        cancels.clear();
    }
    engine.apply(cancels.data(), cancels.size(), events);
    events.clear();
}

// Resident memory counts anonymous pages. The floor is taken when the flow is read and an engine has traded once,
// so that what is counted is the book's alone.
void measure_memory(const Flow& flow) {
    alef::EventBuffer events;
    {
        auto warm = opened();
        play(*warm, flow.commands.data(), std::min(flow.commands.size(), BATCH), events, [](const alef::EventBuffer&) {});
    }
    const uint64_t floor = resident();
    auto engine = opened();
    const auto before = engine->memory();
    uint64_t peak = 0;
    size_t seen = 0;
    const double start = processor_seconds();
    play(*engine, flow.commands.data(), flow.commands.size(), events, [&](const alef::EventBuffer&) {
        if (++seen % 16 == 0) peak = std::max(peak, engine->memory().mapped_bytes);
    });
    const double seconds = processor_seconds() - start;
    const auto full = engine->memory();
    const uint64_t full_resident = resident();
    empty_out(*engine, flow, events);
    const auto after = engine->memory();
    std::printf(
        "{\"live\": %llu, \"order_bytes\": %llu, \"mapped\": %llu, \"mapped_peak\": %llu, \"resident\": %llu, "
        "\"processor_seconds\": %.6f, \"live_after\": %llu, \"order_bytes_after\": %llu, \"mapped_before\": %llu, "
        "\"mapped_after\": %llu, \"resident_after\": %llu}\n",
        ull(full.live_orders), ull(full.order_bytes), ull(full.mapped_bytes), ull(std::max(peak, full.mapped_bytes)),
        ull(full_resident - std::min(floor, full_resident)), seconds, ull(after.live_orders), ull(after.order_bytes),
        ull(before.mapped_bytes), ull(after.mapped_bytes), ull(resident() - std::min(floor, resident())));
}

// The best that the yardstick ever said, 0 if the request doesn't know.
double best(std::istringstream& request) {
    double told = 0;
    request >> told;
    return told;
}

void answer(const std::string& line, Flow& flow) {
    std::istringstream request(line);
    std::string what;
    request >> what;
    if (what == "load") {
        flow = load(request);
        std::printf("{\"loaded\": %zu}\n", flow.commands.size());
    } else if (what == "round") {
        measure_round(flow, best(request));
    } else if (what == "check") {
        check(flow);
    } else if (what == "latency") {
        measure_latency(flow, best(request));
    } else if (what == "memory") {
        measure_memory(flow);
    } else if (what == "chase") {
        size_t bytes = 0;
        request >> bytes;
        std::printf("{\"bytes\": %zu, \"ns\": %.2f, \"small_pages_ns\": %.2f}\n", bytes, chase(bytes, true),
                    chase(bytes, false));
    } else {
        fail("no request is called " + what);
    }
    std::fflush(stdout);
}

}  // namespace

int main() {
    static_assert(sizeof(alef::Command) == 80 && sizeof(alef::Event) == 64, "the records have another layout");
    Flow flow;
    std::string line;
    while (std::getline(std::cin, line) && line != "quit") answer(line, flow);
    return 0;
}
