using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>The record of what was published last time, as plain SQL inside a transaction. Stateless.</summary>
public interface IPublishedStore
{
    /// <summary>What was published last time, one record per carrier and destination, of all sources in the database.</summary>
    ValueTask<IReadOnlyList<PublishedDestination>> ReadAsync(CaptureScope scope);

    /// <summary>Adds or replaces the record of a carrier's destination.</summary>
    ValueTask WriteAsync(CaptureScope scope, PublishedDestination destination);

    /// <summary>
    /// Removes the record of a carrier's destination, and what is still unsent to it: no relay sends it any more, and it would hold back the heartbeats of all others.
    /// </summary>
    ValueTask RemoveAsync(CaptureScope scope, PublishedDestination destination);

    /// <summary>How far a lane of a carrier is, by what relays noted.</summary>
    /// <param name="scope">The transaction.</param>
    /// <param name="carrier">The carrier.</param>
    /// <param name="lane">The lane; a snapshot lane too.</param>
    /// <param name="countUpTo">The most unsent rows that are counted.</param>
    ValueTask<PublishedLane> ReadLaneAsync(CaptureScope scope, string carrier, LaneId lane, int countUpTo);
}

/// <summary>How far a lane is.</summary>
/// <param name="NextNumber">The next number to hand out, from 1.</param>
/// <param name="Unsent">How many rows wait to be sent; what was asked to be counted up to, if there are more.</param>
public readonly record struct PublishedLane(long NextNumber, int Unsent);

/// <summary>What is known of a destination that was published before.</summary>
/// <param name="Carrier">The carrier.</param>
/// <param name="Destination">The destination.</param>
/// <param name="Contract">The contract's name.</param>
/// <param name="Source">The source that publishes it (<see cref="IStateSource.Name"/>): several may share a database.</param>
/// <param name="Schema">The schema published last.</param>
/// <param name="FirstRepublishEnded">Whether every row was published there once: before that, no replica is complete.</param>
public sealed record PublishedDestination(
    string Carrier,
    string Destination,
    string Contract,
    string Source,
    Fingerprint Schema,
    bool FirstRepublishEnded
);
