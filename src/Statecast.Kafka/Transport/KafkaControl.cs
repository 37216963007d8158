using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Statecast.Events;

namespace Statecast.Kafka.Transport;

/// <summary>
/// What a destination's control topic says: whose the destination is, the floors, and the source's words. Each floor has a record of its own key, so that a
/// sleeper's older word, which takes the newer one's place, cannot bury it.
/// </summary>
internal sealed class KafkaControl(string destination, ILogger logger)
{
    /// <summary>The key under which the first source writes its name.</summary>
    public const string SourceKey = "source";

    /// <summary>The key of the newest word.</summary>
    public const string HeartbeatKey = "heartbeat";

    private Heartbeat? _newest;
    private bool _told = true;

    /// <summary>Whose the destination is; null if nobody said so.</summary>
    public string? Owner { get; private set; }

    /// <summary>The last name that was written as the owner's: the one that compaction leaves.</summary>
    public string? LastClaim { get; private set; }

    /// <summary>The highest floor that was stated.</summary>
    public long FloorEpoch { get; private set; }

    /// <summary>The key of the word that states a floor.</summary>
    public static string FloorKey(long epoch) => string.Create(CultureInfo.InvariantCulture, $"floor/{epoch}");

    /// <summary>Reads a record.</summary>
    /// <returns>The word, if it is one of the owner's.</returns>
    public Heartbeat? Take(KafkaMessage record) =>
        record is { KeyText: { } key, HasValue: true } ? Take(key, record.Value.ToArray(), record.Offset) : null;

    /// <summary>Reads a record's key and value.</summary>
    public Heartbeat? Take(string key, byte[] value, long offset)
    {
        if (key == SourceKey)
        {
            // The first to say so owns it.
            LastClaim = Encoding.UTF8.GetString(value);
            Owner ??= LastClaim;
            return null;
        }
        var isFloor = key.StartsWith("floor/", StringComparison.Ordinal);
        if (!isFloor && key != HeartbeatKey)
            return null;
        try
        {
            return Take(HeartbeatJson.Read(value), isFloor);
        }
        catch (FormatException e)
        {
            LogMessages.BadControl(logger, offset, KafkaTopic.ControlOf(destination), e.Message);
            return null;
        }
    }

    /// <summary>The newest word that was not told yet; null if there is none.</summary>
    public Heartbeat? TakeNews()
    {
        if (_told || _newest is not { } newest || newest.Epoch < FloorEpoch)
            return null;
        _told = true;
        return newest;
    }

    private Heartbeat? Take(Heartbeat word, bool isFloor)
    {
        if (word.Destination != destination || (Owner is not null && word.Source != Owner))
            return null;
        FloorEpoch = Math.Max(FloorEpoch, word.FloorEpoch);
        if (isFloor || (_newest is { } known && (word.Epoch, word.Clock).CompareTo((known.Epoch, known.Clock)) < 0))
            return word;
        (_newest, _told) = (word, false);
        return word;
    }
}
