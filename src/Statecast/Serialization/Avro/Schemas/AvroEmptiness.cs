using System.Collections.Generic;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Whether values of a schema are no bytes at all: null, a fixed of none, and records of such.</summary>
/// <remarks>Of types that are nested too deeply it throws <see cref="System.InsufficientExecutionStackException"/>.</remarks>
internal sealed class AvroEmptiness
{
    // Each record is looked at once; one that holds itself at once has no value, so none that is empty.
    private readonly Dictionary<AvroRecord, bool> _known = [];

    public bool Of(AvroSchema schema) =>
        schema switch
        {
            AvroRecord record => OfRecord(record),
            AvroFixed bytes => bytes.Size == 0,
            _ => schema.Type == AvroType.Null,
        };

    private bool OfRecord(AvroRecord record)
    {
        if (_known.TryGetValue(record, out var known))
            return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        _known.Add(record, false);
        foreach (var field in record.Fields)
            if (!Of(field.Schema))
                return false;
        return _known[record] = true;
    }
}
