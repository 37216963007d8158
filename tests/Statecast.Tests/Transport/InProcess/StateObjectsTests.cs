using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>States between capture and send: found by content, bounded.</summary>
public sealed class StateObjectsTests
{
    private static readonly LaneId Lane = new("tests.item.v1", 0);

    [Fact]
    public void State_is_found_by_its_content_once()
    {
        var objects = new StateObjects(1_000);
        var (old, current) = (new object(), new object());
        objects.Put(Row("a", 1, 10), old);
        objects.Put(Row("a", 2, 10), current);
        Assert.Null(objects.Take(Event("a", 3)));
        Assert.Null(objects.Take(Event("b", 2)));
        Assert.Same(current, objects.Take(Event("a", 2)));
        Assert.Null(objects.Take(Event("a", 2)));
        Assert.Same(old, objects.Take(Event("a", 1)));
        Assert.Equal(0, objects.Bytes);
    }

    [Fact]
    public void Oldest_go_first_when_there_are_too_many_bytes()
    {
        var objects = new StateObjects(100);
        for (byte i = 0; i < 20; i++)
            objects.Put(Row("a", i, 30), i);
        Assert.Equal(90, objects.Bytes);
        Assert.Null(objects.Take(Event("a", 16)));
        Assert.Equal((byte)17, objects.Take(Event("a", 17)));
        objects.Put(Row("b", 1, 101), "too large");
        Assert.Null(objects.Take(Event("b", 1)));
        Assert.Equal((byte)19, objects.Take(Event("a", 19)));
    }

    [Fact]
    public void Same_state_captured_twice_is_held_once()
    {
        var objects = new StateObjects(100);
        objects.Put(Row("a", 1, 40), "first");
        objects.Put(Row("a", 1, 40), "second");
        Assert.Equal(40, objects.Bytes);
        Assert.Equal("second", objects.Take(Event("a", 1)));
    }

    private static OutboxRow Row(string key, byte content, int length) =>
        new()
        {
            Carrier = "c",
            Lane = Lane,
            Contract = "tests.item",
            Key = key,
            Revision = 1,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            Content = Fingerprint.Of([content]),
            Body = new byte[length],
            CapturedAt = DateTimeOffset.UnixEpoch,
        };

    private static StateEvent Event(string key, byte content) =>
        new()
        {
            Contract = "tests.item",
            Lane = Lane,
            Key = key,
            Revision = new(1, 1),
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            Content = Fingerprint.Of([content]),
            CapturedAt = DateTimeOffset.UnixEpoch,
            Source = "s",
        };
}
