using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

/// <summary>A log without conditional append is accounted for position by position (protocol section 5).</summary>
public sealed class RelayReadBackTests
{
    private static readonly Guid Stranger = new("8f5a3c1e-0000-4000-8000-000000000002");

    [Fact]
    public void Own_confirmed_records_are_verified_without_reading_them()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a"), Row(2, "b")), position: 10);
        Assert.Equal([new LaneCounter(Lane(), 3, 1, 12)], relay.Commit().Lanes);
        relay.Read();
        relay.Ends(12);

        relay.AssertNo<RelayCommand.ReadBack>();
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Commit();
        Assert.Equal(12, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Ends_are_not_read_back_while_own_sends_may_lie_below_them()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Read();
        relay.Wake();
        relay.Read(Row(1, "a"));
        relay.Commit();
        var send = relay.Take<RelayCommand.Send>();
        relay.Ends(11);
        relay.AssertNo<RelayCommand.ReadBack>();
        relay.Confirm(send, position: 10);

        relay.AssertNo<RelayCommand.ReadBack>();
        Assert.Equal([1L], relay.Commit().Done);
        Assert.Equal(11, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Buried_key_is_asked_for_and_the_word_waits_until_it_is_sent_above()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2), Row(2, "b")), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(14);
        var read = relay.ReadBack(new LogRecord(12, "a", new(Epoch, 1), Stranger, 1));
        Assert.Equal((Lane(), 12L, 14L), (read.Lane, read.From, read.End));
        Assert.Single(relay.Notices, RelayNotice.ForeignRecord);

        var wish = relay.Commit();
        var request = Assert.Single(wish.Republish);
        var bucket = KeyText.Bucket("a");
        Assert.Equal(
            (Contract, "a", bucket, bucket, Destination),
            (request.Contract, request.Key, request.FirstBucket, request.LastBucket, request.Destination)
        );
        // All was looked at, and verified still ends at the buried record.
        Assert.Empty(wish.Lanes);
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Equal(1, relay.Machine.Counters.Mended);

        var mended = relay.Send(Row(3, "a", revision: 2));
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Confirm(mended, position: 14);
        Assert.Equal(15, Assert.Single(relay.Commit().Lanes).Verified);
        Assert.Equal(15, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Buried_key_is_found_while_the_word_waits_for_a_send_without_an_answer()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2)), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(11);
        relay.Commit();
        relay.Say();
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        var silent = relay.Send(Row(2, "b"));
        relay.AssertNo<RelayCommand.ReadEnds>();

        // An interval later another's record lies above the newer one, and compaction may not wait for the silent send.
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        relay.Ends(12);
        Assert.Equal(
            (11L, 12L),
            relay.ReadBack(new LogRecord(11, "a", new(Epoch, 1), Stranger, 1)) is var piece ? (piece.From, piece.End) : default
        );
        Assert.Equal("a", Assert.Single(relay.Commit().Republish).Key);
        relay.AssertNo<RelayCommand.SendHeartbeat>();

        // With every interval, and each record once; what this relay itself wrote and has no answer for buries nothing.
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        relay.Ends(13);
        Assert.Equal(12, relay.ReadBack(new LogRecord(12, "b", new(Epoch, 1), Stranger, 1)).From);
        relay.AssertNo<RelayCommand.Commit>();
        relay.AssertNo<RelayCommand.ReadEnds>();

        relay.Confirm(silent, position: 12);
        relay.Commit();
        relay.Read([], [Row(3, "a", revision: 2)]);
        relay.Ends(13);
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Confirm(relay.Send(Row(3, "a", revision: 2)), position: 13);
        relay.Commit();
        Assert.Equal(14, Assert.Single(relay.Say().Ends).Position);
        Assert.Single(relay.Notices, RelayNotice.ForeignRecord);
    }

    [Fact]
    public void Foreign_record_that_buries_nothing_is_only_accounted_for()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2)), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(12);
        relay.ReadBack(new LogRecord(11, "a", new(Epoch, 2), Stranger, 1));

        var change = relay.Commit();
        Assert.Empty(change.Republish);
        Assert.Equal([new LaneCounter(Lane(), 2, 1, 12)], change.Lanes);
        Assert.Equal(12, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Long_way_to_the_ends_is_read_back_in_pieces()
    {
        var relay = new RelayScript(Plain, new() { MaxReadBack = 10 }).Active(counter: new(Lane(), 1, 1, 100));
        relay.Read();
        relay.Ends(125);

        var pieces = new[] { relay.ReadBack(), relay.ReadBack(), relay.ReadBack() };
        Assert.Equal([(100L, 110L), (110L, 120L), (120L, 125L)], pieces.Select(p => (p.From, p.End)));
        relay.Commit();
        Assert.Equal(125, Assert.Single(relay.Say().Ends).Position);
    }
}
