using Confluent.Kafka;
using Statecast.Events;
using Statecast.Kafka.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Which seek moves which opening of a lane. No broker is asked.</summary>
public sealed class KafkaSeeksTests
{
    private static readonly LaneId Lane = new("e2e.note.v1", 3);
    private readonly KafkaSeeks _seeks = new();
    private readonly List<(KafkaLane, long)> _read = [];
    private KafkaLane _now = Opening();

    [Fact]
    public void Seek_of_an_earlier_opening_moves_nothing_of_the_next()
    {
        _seeks.Told(_now);
        _seeks.Ask(Lane, 100);
        // Taken away, and given again before the client was asked.
        var next = _now = Opening();
        Run();
        _seeks.Told(next);
        Run();
        Assert.Empty(_read);
        _seeks.Ask(Lane, 7);
        Run();
        Assert.Equal([(next, 7L)], _read);
    }

    [Fact]
    public void Seek_that_the_client_was_not_ready_for_never_comes_after_a_newer_one()
    {
        _seeks.Told(_now);
        _seeks.Ask(Lane, 5);
        Run(ready: false);
        // A delivery that is applied again asks again.
        _seeks.Ask(Lane, 9);
        Run();
        Run();
        Assert.Equal([(_now, 9L)], _read);
    }

    [Fact]
    public void Seek_that_the_client_was_not_ready_for_is_tried_again()
    {
        _seeks.Told(_now);
        _seeks.Ask(Lane, 5);
        Run(ready: false);
        Run();
        Run();
        Assert.Equal([(_now, 5L)], _read);
    }

    [Fact]
    public void Lane_that_goes_on_does_not_undo_what_the_target_asked_for()
    {
        _now.Seek(50);
        _seeks.Told(_now);
        _seeks.Ask(Lane, 5);
        _seeks.GoOn(_now);
        Run();
        _seeks.GoOn(_now);
        Run();
        Assert.Equal([(_now, 5L), (_now, 50L)], _read);
    }

    private static KafkaLane Opening() => new(Lane, end: 1_000, measured: false);

    private void Run(bool ready = true)
    {
        var left = _seeks.Run(
            lane => lane == _now,
            (lane, position) =>
            {
                if (!ready)
                    throw new KafkaException(ErrorCode.Local_State);
                _read.Add((lane, position));
            }
        );
        Assert.Equal(!ready, left);
    }
}
