using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Resolving;

/// <summary>
/// Whether a writer's values are byte for byte what the reader's own schema would have written: then they are read by the code for that, which asks no plan. So it is
/// most often, since what comes to a contract comes behind what it had. What is not known for sure is not alike.
/// </summary>
internal sealed class AvroLikeness
{
    // False while a pair is looked at: types that hold themselves are read by their plan.
    private readonly Dictionary<(AvroRecord Writer, AvroRecord Reader), bool> _begins = [];

    /// <summary>Whether the writer's record begins with all of the reader's fields, alike and in their order. Others may follow.</summary>
    public bool Begins(AvroRecord writer, AvroRecord reader)
    {
        if (_begins.TryGetValue((writer, reader), out var known))
            return known;
        if (writer.Fields.Count < reader.Fields.Count)
            return false;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _begins[(writer, reader)] = false;
        var places = AvroMatch.Fields(writer, reader);
        var alike = true;
        for (var i = 0; i < reader.Fields.Count && alike; i++)
            alike = places[i] == i && IsAlike(writer.Fields[i].Schema, reader.Fields[i].Schema);
        return _begins[(writer, reader)] = alike;
    }

    private bool IsAlike(AvroSchema writer, AvroSchema reader)
    {
        if (writer is AvroUnion wrote)
            return reader is AvroUnion read
                && wrote.Branches.Count == read.Branches.Count
                && Enumerable
                    .Range(0, wrote.Branches.Count)
                    .All(i => AvroMatch.BranchFor(wrote.Branches[i], read) == i && IsAlike(wrote.Branches[i], read.Branches[i]));
        if (writer.Type != reader.Type || AvroMatch.Problem(writer, reader) is not null)
            return false;
        return writer switch
        {
            AvroRecord record => record.Fields.Count == ((AvroRecord)reader).Fields.Count && Begins(record, (AvroRecord)reader),
            AvroEnum symbols => symbols.Symbols.SequenceEqual(((AvroEnum)reader).Symbols),
            AvroArray array => IsAlike(array.Items, ((AvroArray)reader).Items),
            AvroMap map => IsAlike(map.Values, ((AvroMap)reader).Values),
            _ => true,
        };
    }
}
