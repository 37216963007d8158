using Microsoft.Extensions.Logging;
using Statecast.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// The source's words as they come in-band, a copy by each lane's queue. A word is told once all lanes brought it or a newer one: everything that was sent before
/// it is here by then.
/// </summary>
/// <param name="destination">The destination.</param>
/// <param name="logger">The log.</param>
internal sealed class RabbitWords(string destination, ILogger logger)
{
    private readonly Dictionary<int, Heartbeat> _newest = [];
    private readonly HashSet<int> _open = [];
    private Heartbeat? _told;

    /// <summary>Whose the destination is; null before its first word.</summary>
    public string? Source { get; private set; }

    /// <summary>Takes a lane's copy.</summary>
    /// <returns>The word that it was the last of so many to bring; null if there is none.</returns>
    public Heartbeat? Take(RabbitDelivery message)
    {
        try
        {
            var word = HeartbeatJson.Read(message.Body.Span);
            if (word.Destination != destination || (Source is not null && word.Source != Source))
                return null;
            Source = word.Source;
            if (!_newest.TryGetValue(message.Lane, out var known) || AgeOf(known) < AgeOf(word))
                _newest[message.Lane] = word;
            if (
                _newest.Count < _open.Count
                || _newest.Values.MinBy(AgeOf) is not { } oldest
                || (_told is not null && AgeOf(oldest) <= AgeOf(_told))
            )
                return null;
            return _told = oldest;
        }
        catch (FormatException e)
        {
            LogMessages.BadControl(logger, message.Queue, e.Message);
            return null;
        }
    }

    /// <summary>Lanes came or went: what they brought says nothing of what they bring.</summary>
    public void Take(RabbitLaneNews news)
    {
        foreach (var lane in news.Closed)
        {
            _open.Remove(lane.Number);
            _newest.Remove(lane.Number);
        }
        foreach (var opened in news.Opened)
        {
            _open.Add(opened.Lane.Number);
            _newest.Remove(opened.Lane.Number);
        }
    }

    private static Age AgeOf(Heartbeat word) => new(word.Epoch, word.Clock);

    private readonly record struct Age(long Epoch, DateTimeOffset Clock) : IComparable<Age>
    {
        public int CompareTo(Age other) => (Epoch, Clock).CompareTo((other.Epoch, other.Clock));

        public static bool operator <(Age a, Age b) => a.CompareTo(b) < 0;

        public static bool operator >(Age a, Age b) => a.CompareTo(b) > 0;

        public static bool operator <=(Age a, Age b) => a.CompareTo(b) <= 0;

        public static bool operator >=(Age a, Age b) => a.CompareTo(b) >= 0;
    }
}
