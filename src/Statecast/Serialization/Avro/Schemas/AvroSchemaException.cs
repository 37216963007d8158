using System;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>A text is no Avro schema, or a larger one than is read. Says where.</summary>
public sealed class AvroSchemaException : Exception
{
    /// <param name="path">Where in the schema, for example <c>$.fields[2].type</c>.</param>
    /// <param name="offset">Where in the text, in characters.</param>
    /// <param name="reason">What is wrong, without a full stop.</param>
    public AvroSchemaException(string path, int offset, string reason)
        : base($"The Avro schema is not valid at {path} (character {offset}): {reason}.")
    {
        Path = path;
        Offset = offset;
        Reason = reason;
    }

    /// <summary>Where in the schema.</summary>
    public string Path { get; }

    /// <summary>Where in the text, in characters.</summary>
    public int Offset { get; }

    /// <summary>What is wrong, without a full stop.</summary>
    public string Reason { get; }
}
