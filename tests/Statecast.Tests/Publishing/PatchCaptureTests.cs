using System.Text;
using Microsoft.Extensions.Time.Testing;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Publishing;

[StateContract("tests.page", Patches = true)]
public sealed partial record Page([StateKey] string Id, string Text, string? Note = null);

[StateContract("tests.page", Version = 2, Patches = true)]
public sealed partial record PageV2([StateKey] string Id, string Text, string? Note = null);

/// <summary>When a change goes out as a patch, and of what.</summary>
public sealed class PatchCaptureTests
{
    private static readonly string Long = new('x', 200);
    private readonly MemoryCaptureStore _store = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddDays(1));
    private readonly Publication<Page> _publication = Patched(new());
    private readonly StateCapture _capture;

    public PatchCaptureTests() => _capture = new(_clock, SystemEntropy.Instance);

    [Fact]
    public async Task Change_goes_out_as_a_patch_of_the_revision_before()
    {
        await Save(new Page("a", Long));
        await Save(new Page("a", Long, "one"));
        await Save(new Page("a", Long, "two"));

        Assert.Equal(["Upsert 1 of 0", "Patch 2 of 1", "Patch 3 of 2"], Story());
        Assert.Equal("{\"note\":\"two\"}", Encoding.UTF8.GetString(_store.Outbox[2].Body.Span));
        var contract = StateContract.Of<Page>();
        var before = new Page("a", Long, "one");
        var after = new JsonStateCodec().ApplyPatch(contract, before, contract.SchemaFingerprint, _store.Outbox[2].Body);
        Assert.Equal(new Page("a", Long, "two"), after);
        // The fingerprint is the state's, not the patch's.
        Assert.Equal(ContentFingerprint.Of(contract, after), _store.Outbox[2].Content);
    }

    [Fact]
    public async Task Codec_whose_patch_would_not_be_smaller_gets_the_full_state()
    {
        Route json = new("one", "d", 1, "json");
        Route never = new("two", "d", 1, "second");
        foreach (var routes in new Route[][] { [never], [json, never] })
        {
            var publication = PublishingSamples.Publication<Page>(new PublicationOptions { Patches = new() }, routes);
            await Save(publication, new Page($"{routes.Length}", Long));
            _store.Outbox.Clear();
            await Save(publication, new Page($"{routes.Length}", Long, "one"));

            Assert.Equal(routes.Select(r => r == never ? "Upsert 2 of 0" : "Patch 2 of 1"), Story());
            Assert.Equal(routes.Length - 1, _store.Heads[("tests.page", $"{routes.Length}")].Base!.Patches);
        }
    }

    [Fact]
    public async Task Full_state_goes_out_after_so_many_patches()
    {
        var publication = Patched(new() { MaxPatches = 2 });
        for (var i = 0; i < 6; i++)
            await Save(publication, new Page("a", Long, $"{i}"));

        Assert.Equal(["Upsert 1 of 0", "Patch 2 of 1", "Patch 3 of 2", "Upsert 4 of 0", "Patch 5 of 4", "Patch 6 of 5"], Story());
    }

    [Theory, InlineData(61, "Upsert 3 of 0"), InlineData(59, "Patch 3 of 2"), InlineData(-31, "Upsert 3 of 0")]
    public async Task Full_state_goes_out_after_so_long_a_time(int seconds, string third)
    {
        var publication = Patched(new() { FullAfter = TimeSpan.FromSeconds(90) });
        await Save(publication, new Page("a", Long));
        _clock.Advance(TimeSpan.FromSeconds(30));
        await Save(publication, new Page("a", Long, "one"));
        _clock.AdjustTime(_clock.GetUtcNow().AddSeconds(seconds));
        await Save(publication, new Page("a", Long, "two"));

        // Counted from the full state, not from the patch.
        Assert.Equal(third, Story()[^1]);
    }

    [Fact]
    public async Task Delete_and_what_comes_after_it_are_full()
    {
        await Save(new Page("a", Long));
        await Save(States(("a", null)));
        Assert.Null(_store.Heads[("tests.page", "a")].Base);
        await Save(new Page("a", Long, "one"));
        await Save(new Page("a", Long, "two"));

        Assert.Equal(["Upsert 1 of 0", "Delete 2 of 0", "Upsert 3 of 0", "Patch 4 of 3"], Story());
    }

    [Fact]
    public async Task Another_schema_than_the_heads_means_a_full_state()
    {
        await Save(new Page("a", Long));
        var head = _store.Heads[("tests.page", "a")];
        _store.Heads[("tests.page", "a")] = head with { Schema = default(Fingerprint) };
        await Save(new Page("a", Long, "one"));

        Assert.Equal("Upsert 2 of 0", Story()[^1]);
    }

    [Fact]
    public async Task What_is_said_again_is_full_changed_or_not()
    {
        await Save(new Page("a", Long));
        await Save(new Page("b", Long));
        var states = new GivenStates(_publication, States(("a", new Page("a", Long)), ("b", new Page("b", Long, "changed"))));
        await _capture.RepublishAsync(_store, MemoryCaptureStore.Scope, states, null);
        await Save(new Page("b", Long, "again"));

        Assert.Equal(["Snapshot 1 of 0", "Upsert 2 of 0", "Patch 3 of 2"], Story()[2..]);
    }

    [Fact]
    public async Task Full_state_for_one_target_is_none_for_the_others()
    {
        var publication = Patched(new() { MaxPatches = 2 });
        await Save(publication, new Page("a", Long));
        await Save(publication, new Page("a", Long, "one"));
        var route = publication.Routes[0];
        var run = new SnapshotRun(route.Carrier, new(route.Destination, 0), "queue", Guid.NewGuid());
        await _capture.AnswerAsync(
            _store,
            MemoryCaptureStore.Scope,
            new GivenStates(publication, States(("a", new Page("a", Long, "one")))),
            run
        );
        await Save(publication, new Page("a", Long, "two"));
        await Save(publication, new Page("a", Long, "three"));

        Assert.Equal(["Snapshot 2 of 0", "Patch 3 of 2", "Upsert 4 of 0"], Story()[2..]);
    }

    [Fact]
    public async Task Base_that_cannot_be_read_is_replaced_by_a_full_state()
    {
        await Save(new Page("a", Long));
        var head = _store.Heads[("tests.page", "a")];
        _store.Heads[("tests.page", "a")] = head with { Base = head.Base! with { Body = new byte[] { 9 } } };
        await Save(new Page("a", Long, "one"));
        await Save(new Page("a", Long, "two"));

        Assert.Equal(["Upsert 1 of 0", "Upsert 2 of 0", "Patch 3 of 2"], Story());
    }

    [Fact]
    public async Task Older_major_beside_it_gets_full_states()
    {
        var publication = new Publication<PageV2>(StateContract.Of<PageV2>(), new() { Patches = new() });
        publication.AlsoAs(StateContract.Of<Page>());
        publication.Bind(
            [new("first", "tests.page.v2", 1, "json"), new("first", "tests.page.v1", 1, "json") { Edition = 1 }],
            PublishingSamples.Codecs
        );
        foreach (var note in new[] { "one", "two" })
            await Save(
                new GivenStates(publication, States(("a", new PageV2("a", Long, note)))) { Older = _ => [new Page("a", Long, note)] }
            );

        Assert.Equal(
            ["v2 Upsert", "v1 Upsert", "v2 Patch", "v1 Upsert"],
            _store.Outbox.Select(r => $"{r.Lane.Destination[^2..]} {r.Operation}")
        );
    }

    [Fact]
    public async Task Without_patches_a_head_keeps_no_body()
    {
        await Save(PublishingSamples.Publication<Page>(), new Page("a", Long));
        await Save(PublishingSamples.Publication<Page>(), new Page("a", Long, "one"));

        Assert.Equal(["Upsert 1 of 0", "Upsert 2 of 0"], Story());
        Assert.Null(_store.Heads[("tests.page", "a")].Base);
    }

    [Fact]
    public void Contract_without_patches_and_bounds_beyond_sense_are_refused()
    {
        var error = Assert.Throws<SourceException>(() => PublishingSamples.Publication<Item>(new PublicationOptions { Patches = new() }));
        Assert.Contains("Patches = true", error.Message);
        Assert.Throws<SourceException>(() => Patched(new() { MaxPatches = 0 }));
        Assert.Throws<SourceException>(() => Patched(new() { MaxPatches = 1001 }));
        Assert.Throws<SourceException>(() => Patched(new() { FullAfter = TimeSpan.Zero }));
    }

    private static Publication<Page> Patched(PatchOptions patches) =>
        PublishingSamples.Publication<Page>(new PublicationOptions { Patches = patches });

    private List<string> Story() => [.. _store.Outbox.Select(r => $"{r.Operation} {r.Revision} of {r.Base}")];

    private static Dictionary<string, object?> States(params (string Key, object? State)[] states) =>
        states.ToDictionary(s => s.Key, s => s.State);

    private Task Save(Page page) => Save(_publication, page);

    private Task Save(Publication<Page> publication, Page page) => Save(new GivenStates(publication, States((page.Id, page))));

    private Task Save(Dictionary<string, object?> states) => Save(new GivenStates(_publication, states));

    private async Task Save(GivenStates set) => await _capture.SaveAsync(_store, MemoryCaptureStore.Scope, [set]);
}
