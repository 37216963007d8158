namespace Statecast.Publishing;

/// <summary>The touched keys of one publication, and where their states come from: EF Core reads them back, an explicit call hands them over.</summary>
public interface ICaptureSet
{
    /// <summary>The publication.</summary>
    Publication Publication { get; }

    /// <summary>The text forms of the keys: distinct, in ascending ordinal order (locks are taken in this order).</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>The causes of a key's change, joined (see <see cref="Events.Causes"/>); null for none.</summary>
    string? CausesOf(string key);

    /// <summary>What every key's state is, in the order of <see cref="Keys"/>. Called once, after the heads were locked.</summary>
    ValueTask<IReadOnlyList<KeyState>> ReadAsync(CaptureScope scope);
}

/// <summary>The state of one key, as read under its head's lock.</summary>
/// <param name="State">The state; null if there is none: the row is gone or does not match the publication's predicate.</param>
/// <param name="Failure">Why the state could not be made, or null. Fails a save; a republish passes the key over and reports it.</param>
public readonly record struct KeyState(object? State, CaptureException? Failure = null)
{
    /// <summary>The state in the older majors that are written beside the contract, in the order of <see cref="Publication.AlsoAs"/>; null if there is none.</summary>
    public IReadOnlyList<object>? Older { get; init; }

    /// <summary>The state in an edition.</summary>
    internal object Of(int edition) => edition == 0 ? State! : Older![edition - 1];
}
