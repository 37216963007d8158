using System.Buffers.Binary;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Outbox;

/// <summary>
/// Drives a relay machine by hand: the test answers each command when and as it likes, and moves the clock. Nothing happens by itself.
/// </summary>
internal sealed class RelayScript
{
    public const string Destination = "shop.orders";
    public const string Contract = "shop.order";
    public const long Epoch = 7;

    /// <summary>A log that asks the guard itself.</summary>
    public static readonly TransportAbilities Guarded = new()
    {
        Retained = true,
        ConditionalAppend = true,
        RequestChannel = false,
        DefaultLanes = 1,
    };

    /// <summary>A log that appends whatever comes.</summary>
    public static readonly TransportAbilities Plain = Guarded with { ConditionalAppend = false };

    public static readonly DateTimeOffset Clock = new(2025, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<RelayCommand> _open = [];
    private readonly TransportAbilities _abilities;
    private readonly int _lanes;
    private LeaseStanding _standing;

    public RelayScript(TransportAbilities? abilities = null, RelayOptions? options = null, int lanes = 1)
    {
        (_abilities, _lanes, Options) = (abilities ?? Guarded, lanes, options ?? new());
        var shard = new RelayShard("log", "shop", "test", _abilities, [new(Destination, Contract, lanes)]);
        Machine = new(shard, Options, RelayRules.Protocol, Entropy);
    }

    public RelayMachine Machine { get; }

    public RelayOptions Options { get; }

    public ScriptedEntropy Entropy { get; } = new();

    /// <summary>The relay's time.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>What people were told, in order.</summary>
    public List<RelayNotice> Notices { get; } = [];

    /// <summary>When the machine wants to be woken.</summary>
    public TimeSpan WakeAt { get; private set; }

    public static LaneId Lane(int number = 0) => new(Destination, number);

    /// <summary>A fresh row; its body has one byte unless said otherwise.</summary>
    public static OutboxRow Row(long sequence, string key, long revision = 1, int lane = 0, int size = 1) =>
        new()
        {
            Sequence = sequence,
            Carrier = "log",
            Lane = Lane(lane),
            Contract = Contract,
            Key = key,
            Revision = revision,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = default,
            Body = new byte[size],
            CapturedAt = Clock,
        };

    /// <summary>Says that something happened.</summary>
    public void Give(RelayInput input)
    {
        foreach (var command in Machine.Step(Now, input))
            switch (command)
            {
                case RelayCommand.Notice notice:
                    Notices.Add(notice.Kind);
                    break;
                case RelayCommand.WaitUntil wait:
                    WakeAt = wait.Until;
                    break;
                default:
                    _open.Add(command);
                    break;
            }
    }

    /// <summary>Time passes, and the machine is told.</summary>
    public void Pass(TimeSpan time)
    {
        Now += time;
        Give(new RelayInput.Tick());
    }

    public void Pass(double seconds) => Pass(TimeSpan.FromSeconds(seconds));

    /// <summary>The oldest unanswered command of a kind; the test must answer it.</summary>
    public T Take<T>()
        where T : RelayCommand
    {
        var command = _open.OfType<T>().FirstOrDefault();
        Assert.True(command is not null, $"no {typeof(T).Name}; open are: {string.Join(", ", _open.Select(c => c.GetType().Name))}");
        _open.Remove(command);
        return command;
    }

    /// <summary>No command of a kind waits for an answer.</summary>
    public void AssertNo<T>()
        where T : RelayCommand => Assert.Empty(_open.OfType<T>());

    /// <summary>Starts the relay and gives it the lease.</summary>
    public RelayScript Acquired(bool takenOver = false, LaneCounter? counter = null)
    {
        if (Machine.Phase == RelayPhase.New)
            Give(new RelayInput.Started());
        var acquire = Take<RelayCommand.Acquire>();
        var request = acquire.Request;
        var counters = Enumerable
            .Range(0, _lanes)
            .Select(n => (counter ?? new(Lane(), 1, _abilities.Retained ? 1 : 0, 0)) with { Lane = Lane(n) })
            .ToArray();
        LaneLine[] lines =
        [
            .. Before.Select(b => new LaneLine(b.Lane, b.LeaseId, b.FirstNumber)),
            .. counters.Select(c => new LaneLine(c.Lane, request.LeaseId, c.NextNumber)),
        ];
        _standing = new(request.LeaseId, 0, Epoch);
        Give(
            new RelayInput.LeaseAnswered(
                acquire.Id,
                new(request.LeaseId, 1, Epoch, 0, takenOver, Clock + request.Duration, counters, lines)
            )
        );
        return this;
    }

    /// <summary>Destinations whose first republish has ended.</summary>
    public HashSet<string> Published { get; set; } = [Destination];

    /// <summary>The line of numbers before the lease that is taken next.</summary>
    public List<LaneLine> Before { get; } = [];

    /// <summary>The lease held, as the database shows it.</summary>
    public LeaseStanding Standing
    {
        get => _standing;
        set => _standing = value;
    }

    /// <summary>Answers the look at what the carrier remembers.</summary>
    public RelayScript Looked(params SentMark[] marks)
    {
        Give(new RelayInput.Looked(Take<RelayCommand.Look>().Id, marks));
        return this;
    }

    /// <summary>Starts the relay up to the first read for claims.</summary>
    public RelayScript Active(bool takenOver = false, LaneCounter? counter = null)
    {
        Acquired(takenOver, counter).Looked().Read();
        Assert.Equal(RelayPhase.Active, Machine.Phase);
        return this;
    }

    /// <summary>Answers the read under way with these rows, which are all that there is.</summary>
    public OutboxQuery Read(params OutboxRow[] rows) => Read(rows, rows);

    /// <summary>Answers the read under way.</summary>
    /// <param name="rows">The page.</param>
    /// <param name="all">What stands in the outbox, claimed or not.</param>
    /// <param name="clock">The database's clock.</param>
    public OutboxQuery Read(OutboxRow[] rows, OutboxRow[] all, DateTimeOffset? clock = null)
    {
        var read = Take<RelayCommand.Read>();
        Give(
            new RelayInput.OutboxRead(
                read.Id,
                new(
                    clock ?? Clock,
                    rows,
                    all.Length == 0 ? null : all.Min(r => r.Sequence),
                    all.Length == 0 ? null : all.Max(r => r.Sequence),
                    all.Length,
                    all.Length == 0 ? null : Clock,
                    Published,
                    _standing
                )
            )
        );
        return read.Query;
    }

    /// <summary>Answers the commit under way.</summary>
    public OutboxCommit Commit(bool held = true)
    {
        var commit = Take<RelayCommand.Commit>();
        if (held && commit.Change.RaisesCounter)
            _standing = _standing with { Counter = _standing.Counter + 1 };
        Give(new RelayInput.Committed(commit.Id, held));
        return commit.Change;
    }

    /// <summary>New rows are read, claimed and handed to the carrier.</summary>
    /// <returns>The send, not answered.</returns>
    public RelayCommand.Send Send(params OutboxRow[] rows)
    {
        if (!_open.OfType<RelayCommand.Read>().Any())
            Wake();
        Read(rows);
        Commit();
        return Take<RelayCommand.Send>();
    }

    /// <summary>The database says that there may be new rows.</summary>
    public void Wake() => Give(new RelayInput.Woken());

    /// <summary>Ends a send with these outcomes.</summary>
    public void End(RelayCommand.Send send, params SendResult[] results) =>
        Give(new RelayInput.SendEnded(send.Id, [.. results.Select(r => new SendOutcome(r, 0, "why"))], []));

    /// <summary>The log took all of a send, from a position on.</summary>
    public void Confirm(RelayCommand.Send send, long position = 0) =>
        Give(
            new RelayInput.SendEnded(
                send.Id,
                [.. send.Events.Select((_, i) => new SendOutcome(SendResult.Confirmed, position == 0 ? 0 : position + i))],
                []
            )
        );

    public void Fail(long command) => Give(new RelayInput.CommandFailed(command, "why"));

    /// <summary>Answers the question for the lanes' ends.</summary>
    public void Ends(long position, long incarnation = 1, params SentMark[] marks)
    {
        var ask = Take<RelayCommand.ReadEnds>();
        Give(new RelayInput.EndsRead(ask.Id, [.. ask.Lanes.Select(l => new LaneEnd(l, incarnation, position, 0))], marks));
    }

    /// <summary>Answers the question for records.</summary>
    public RelayCommand.ReadBack ReadBack(params LogRecord[] records)
    {
        var ask = Take<RelayCommand.ReadBack>();
        Give(new RelayInput.ReadBackEnded(ask.Id, records));
        return ask;
    }

    /// <summary>Answers all but sends as a quiet day would: nothing to read, empty lanes.</summary>
    public void Settle(bool commits = true, long incarnation = 1)
    {
        var answers = 0;
        while (_open.Find(c => c is not RelayCommand.Send && (commits || c is not RelayCommand.Commit)) is { } command)
        {
            Assert.True(++answers < 100, $"no end of it: {command}");
            switch (command)
            {
                case RelayCommand.Read:
                    Read();
                    break;
                case RelayCommand.ReadEnds:
                    Ends(0, incarnation);
                    break;
                case RelayCommand.SendHeartbeat:
                    Say();
                    break;
                case RelayCommand.Commit:
                    Commit();
                    break;
                default:
                    Assert.Fail($"{command} is not of a quiet day");
                    break;
            }
        }
    }

    /// <summary>The carrier takes the word.</summary>
    public Heartbeat Say()
    {
        var say = Take<RelayCommand.SendHeartbeat>();
        Give(new RelayInput.HeartbeatSent(say.Id));
        return say.Heartbeat;
    }
}

/// <summary>Randomness that a test decides: every id another, every fraction the same.</summary>
internal sealed class ScriptedEntropy : IEntropy
{
    private byte _ids;

    /// <summary>What jitter draws, from 0 up to 1.</summary>
    public double Fraction { get; set; } = 0.5;

    public void Fill(Span<byte> destination)
    {
        if (destination.Length == sizeof(uint))
            BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)(Fraction * uint.MaxValue));
        else
            destination.Fill(++_ids);
    }
}
