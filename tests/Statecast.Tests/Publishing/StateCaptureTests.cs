using Microsoft.Extensions.Time.Testing;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>The algorithm of capture, whatever supplies the states.</summary>
public sealed class StateCaptureTests
{
    private readonly MemoryCaptureStore _store = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddTicks(123_456_789));
    private readonly StateCapture _capture;

    public StateCaptureTests() => _capture = new(_clock, SystemEntropy.Instance);

    [Fact]
    public async Task Locks_come_in_contract_and_key_order_before_any_read()
    {
        var items = new GivenStates(Publication<Item>(), States(("b", new Item("b", "x")), ("a", new Item("a", "x"))), _store);
        var others = new GivenStates(Publication<Other>(), States(("1", new Other(1, "x"))), _store);
        await SaveAsync(others, items);

        Assert.Equal(["lock tests.item a b, tests.other 1", "read tests.item", "read tests.other", "write 3 3"], _store.Calls);
    }

    [Theory, InlineData(1, 0), InlineData(0, 7), InlineData(3, 2), InlineData(40, 60)]
    public async Task Capture_is_two_batches_for_any_number_of_contracts_and_keys(int items, int others)
    {
        for (var revision = 1; revision <= 2; revision++)
        {
            _store.Calls.Clear();
            var sets = new List<ICaptureSet>();
            if (others > 0)
                sets.Add(new GivenStates(Publication<Other>(), Many(others, i => new Other(i, $"{revision}"))));
            if (items > 0)
                sets.Add(new GivenStates(Publication<Item>(), Many(items, i => new Item($"{i}", $"{revision}"))));
            var tokens = await SaveAsync([.. sets]);

            Assert.Equal(["lock", "write"], _store.Calls.Select(c => c.Split(' ')[0]));
            // Each head is its own key's: the numbers and the last values fit.
            Assert.Equal(items + others, tokens.Count);
            Assert.All(tokens, t => Assert.Equal(revision, t.Revision.Number));
        }
    }

    [Fact]
    public async Task Heads_of_one_call_go_to_their_own_keys()
    {
        await SaveAsync(Set(new Item("b", "x")));
        await SaveAsync(Set(new Item("b", "y")));
        await SaveAsync(new GivenStates(Publication<Other>(), States(("1", new Other(1, "x")))));
        var tokens = await SaveAsync(
            new GivenStates(Publication<Other>(), States(("1", new Other(1, "y")), ("2", new Other(2, "y")))),
            new GivenStates(Publication<Item>(), States(("a", new Item("a", "z")), ("b", new Item("b", "z"))))
        );

        Assert.Equal(["a 1", "b 3", "1 2", "2 1"], tokens.Select(t => $"{t.Key} {t.Revision.Number}"));
    }

    [Fact]
    public async Task Nothing_to_capture_asks_nothing()
    {
        _store.Epoch = 0;
        Assert.Empty(await SaveAsync());
        Assert.Empty(_store.Calls);
        Assert.Equal(0, _store.Epoch);
    }

    [Fact]
    public async Task Unchanged_state_writes_nothing_and_yields_the_current_token()
    {
        await SaveAsync(Set(new Item("a", "x")));
        _store.Calls.Clear();
        var tokens = await SaveAsync(Set(new Item("a", "x")));

        Assert.Equal(new StateToken("tests.item", "a", new(7, 1)), Assert.Single(tokens));
        Assert.DoesNotContain(_store.Calls, c => c.StartsWith("write", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_without_a_state_that_never_was_yields_no_token()
    {
        var tokens = await SaveAsync(new GivenStates(Publication<Item>(), States(("a", null))));
        Assert.Empty(tokens);
        Assert.Empty(_store.Outbox);
    }

    [Fact]
    public async Task Body_is_encoded_once_per_codec_and_stored_once_per_route()
    {
        var before = PublishingSamples.Second.Encoded;
        var publication = PublishingSamples.Publication<Item>(
            new Route("one", "d", 4, "json"),
            new Route("two", "d", 1, "second"),
            new Route("three", "d", 8, "second")
        );
        await SaveAsync(new GivenStates(publication, States(("a", new Item("a", "x")))));

        Assert.Equal(before + 1, PublishingSamples.Second.Encoded);
        Assert.Equal(["one json", "two second", "three second"], _store.Outbox.Select(r => $"{r.Carrier} {r.Codec}"));
        Assert.Equal([KeyText.Lane("a", 4), 0, KeyText.Lane("a", 8)], _store.Outbox.Select(r => r.Lane.Number));
        Assert.True(_store.Outbox[1].Body.Equals(_store.Outbox[2].Body));
        Assert.Single(_store.Written);
    }

    [Fact]
    public async Task Row_carries_causes_time_and_the_keep_each_wish()
    {
        var publication = PublishingSamples.Publication<Item>(new PublicationOptions { KeepEach = true });
        await SaveAsync(new GivenStates(publication, States(("a", new Item("a", "x")))) { Causes = "Created" });

        var row = Assert.Single(_store.Outbox);
        Assert.Equal("Created", row.Causes);
        Assert.True(row.KeepEach);
        // Microseconds: a tick below would not survive the wire.
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(123_456_780), row.CapturedAt);
    }

    [Fact]
    public async Task Failure_of_one_state_fails_the_save_before_anything_is_written()
    {
        var publication = PublishingSamples.Publication<Item>(new PublicationOptions { MaxEventBytes = 100 });
        var set = new GivenStates(publication, States(("a", new Item("a", "x")), ("b", new Item("b", new('x', 200)))));

        var error = await Assert.ThrowsAsync<CaptureException>(async () => await SaveAsync(set));
        Assert.Equal("b", error.Key);
        Assert.Empty(_store.Outbox);
        Assert.Empty(_store.Written);
    }

    [Fact]
    public async Task Capture_before_the_carriers_are_known_is_refused()
    {
        var unbound = new Publication<Item>(ContractOf<Item>(), new());
        var error = await Assert.ThrowsAsync<SourceException>(async () =>
            await SaveAsync(new GivenStates(unbound, States(("a", new Item("a", "x")))))
        );
        Assert.Contains("tests.item", error.Message);
        Assert.Empty(_store.Calls);
    }

    [Fact]
    public async Task Database_without_an_epoch_gets_the_clocks_milliseconds()
    {
        _store.Epoch = 0;
        var tokens = await SaveAsync(Set(new Item("a", "x")));
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds(), Assert.Single(tokens).Revision.Epoch);
    }

    [Fact]
    public async Task Unchanged_state_is_said_again_to_one_destination_a_change_to_all()
    {
        var publication = PublishingSamples.Publication<Item>(new Route("one", "d1", 1, "json"), new Route("two", "d2", 1, "json"));
        await SaveAsync(new GivenStates(publication, States(("a", new Item("a", "x")), ("b", new Item("b", "x")))));
        _store.Outbox.Clear();
        var changed = new GivenStates(publication, States(("a", new Item("a", "x")), ("b", new Item("b", "y"))));
        await _capture.RepublishAsync(_store, MemoryCaptureStore.Scope, changed, "d2");

        Assert.Equal(
            ["a d2 Snapshot 1", "b d1 Upsert 2", "b d2 Upsert 2"],
            _store.Outbox.Select(r => $"{r.Key} {r.Lane.Destination} {r.Operation} {r.Revision}").Order()
        );
    }

    [Fact]
    public async Task Republish_passes_a_bad_state_over_and_says_why()
    {
        var publication = PublishingSamples.Publication<Item>(new PublicationOptions { MaxEventBytes = 100 });
        var set = new GivenStates(
            publication,
            States(
                ("a", new Item("a", new('x', 200))),
                ("b", new CaptureException("tests.item", "b", "planted")),
                ("c", new Item("c", "x"))
            )
        );
        var passedOver = await _capture.RepublishAsync(_store, MemoryCaptureStore.Scope, set, null);

        Assert.Equal(["a", "b"], passedOver.Select(p => p.Key));
        Assert.Equal("c", Assert.Single(_store.Outbox).Key);
    }

    [Fact]
    public void Binding_to_an_unknown_codec_is_refused()
    {
        var publication = new Publication<Item>(ContractOf<Item>(), new());
        var error = Assert.Throws<SourceException>(() => publication.Bind([new("c", "d", 1, "avro")], PublishingSamples.Codecs));
        Assert.Contains("'avro'", error.Message);
        Assert.Contains("json, second", error.Message);
        Assert.Throws<SourceException>(() => publication.Bind([], PublishingSamples.Codecs));
        Assert.Empty(publication.Routes);
    }

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    private static Publication<TState> Publication<TState>()
        where TState : class, IStateContract<TState> => PublishingSamples.Publication<TState>();

    private static GivenStates Set(Item item) => new(Publication<Item>(), States((item.Id, item)));

    private static Dictionary<string, object?> States(params (string Key, object? State)[] states) =>
        states.ToDictionary(s => s.Key, s => s.State);

    private static Dictionary<string, object?> Many(int count, Func<int, object> state) =>
        Enumerable.Range(0, count).ToDictionary(i => $"{i}", i => (object?)state(i));

    private ValueTask<IReadOnlyList<StateToken>> SaveAsync(params ICaptureSet[] sets) =>
        _capture.SaveAsync(_store, MemoryCaptureStore.Scope, sets);
}
