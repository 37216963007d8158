namespace Statecast.Events;

/// <summary>Takes an event's attributes one after the other, for carriers that write them as bytes.</summary>
public interface ICloudEventSink
{
    /// <summary>Takes an attribute.</summary>
    /// <param name="name">Its name, in ASCII; a constant.</param>
    /// <param name="value">Its value, in UTF-8; valid only during the call.</param>
    void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Takes an attribute whose value is there as text.</summary>
    /// <param name="name">Its name, in ASCII; a constant.</param>
    /// <param name="value">Its value.</param>
    void Add(ReadOnlySpan<byte> name, string value);
}
