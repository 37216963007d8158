namespace Statecast.Consuming.Queues;

/// <summary>How far one range of a run is.</summary>
/// <param name="Begin">The number of its begin mark in the target's own numbering; 0 before it came.</param>
/// <param name="Cut">The live lane's number before the range was read.</param>
/// <param name="End">The number of its end mark; 0 before it came.</param>
/// <param name="Ended">Whether everything from begin to end was processed: the range is done.</param>
/// <param name="Asked">Whether it was asked for; known to whoever starts again once it was stored with anything that came.</param>
internal readonly record struct RangeProgress(long Begin, long Cut, long End, bool Ended, bool Asked);
