using System.Collections.Generic;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Resolving;

/// <summary>Whether two schemas match, looked at from outside only (Avro 1.12, "Schema Resolution", "to match").</summary>
internal static class AvroMatch
{
    /// <summary>Why they do not match; null if they do. Neither is a union.</summary>
    public static AvroMatchProblem? Problem(AvroSchema writer, AvroSchema reader)
    {
        if (writer.Type != reader.Type)
            return IsPromoted(writer.Type, reader.Type)
                ? Logical(writer, reader)
                : new(
                    AvroMismatchRule.Type,
                    $"{writer} is written where {reader} is read",
                    "keep the type, or add a new field beside the old one"
                );
        if (writer is AvroNamedSchema named && !IsNamed((AvroNamedSchema)reader, named.Name, exactly: false))
            return new(
                AvroMismatchRule.Name,
                $"'{named.Name}' is written where '{((AvroNamedSchema)reader).Name}' is read",
                $"add the alias '{named.Name.Simple}' to the reader's type"
            );
        if (writer is AvroFixed bytes && bytes.Size != ((AvroFixed)reader).Size)
            return new(
                AvroMismatchRule.FixedSize,
                $"'{bytes.Name}' has {bytes.Size} bytes where the reader's has {((AvroFixed)reader).Size}",
                "keep the size, or add a new field beside the old one"
            );
        return Logical(writer, reader);
    }

    /// <summary>The first branch of a reader's union that matches; -1 for none. A branch of the same full name goes before one of the same simple name.</summary>
    public static int BranchFor(AvroSchema writer, AvroUnion reader)
    {
        if (writer is AvroNamedSchema named)
            for (var i = 0; i < reader.Branches.Count; i++)
                if (
                    reader.Branches[i] is AvroNamedSchema branch
                    && branch.Type == writer.Type
                    && IsNamed(branch, named.Name, exactly: true)
                )
                    return i;
        for (var i = 0; i < reader.Branches.Count; i++)
            if (Problem(writer, reader.Branches[i]) is null)
                return i;
        return -1;
    }

    /// <summary>The reader's field of each of the writer's: by name, then by the reader's aliases; -1 for none.</summary>
    public static int[] Fields(AvroRecord writer, AvroRecord reader)
    {
        var read = NamePlaces.Of(reader.Fields, f => f.Name);
        var written = NamePlaces.Of(writer.Fields, f => f.Name);
        var fields = new int[writer.Fields.Count];
        var taken = new bool[reader.Fields.Count];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = read.Of(writer.Fields[i].Name);
            if (fields[i] >= 0)
                taken[fields[i]] = true;
        }
        for (var i = 0; i < taken.Length; i++)
            if (!taken[i])
                foreach (var alias in reader.Fields[i].Aliases)
                {
                    var place = written.Of(alias);
                    if (place < 0 || fields[place] >= 0)
                        continue;
                    fields[place] = i;
                    break;
                }
        return fields;
    }

    private static bool IsPromoted(AvroType writer, AvroType reader) =>
        (writer, reader) switch
        {
            (AvroType.Int, AvroType.Long or AvroType.Float or AvroType.Double) => true,
            (AvroType.Long, AvroType.Float or AvroType.Double) => true,
            (AvroType.Float, AvroType.Double) => true,
            (AvroType.String, AvroType.Bytes) => true,
            (AvroType.Bytes, AvroType.String) => true,
            _ => false,
        };

    // The specification compares unqualified names; a reader's aliases rewrite the writer's.
    private static bool IsNamed(AvroNamedSchema reader, AvroName writer, bool exactly)
    {
        if (exactly ? reader.Name.Equals(writer) : reader.Name.Simple == writer.Simple)
            return true;
        foreach (var alias in reader.Aliases)
            if (exactly ? alias.Equals(writer) : alias.Simple == writer.Simple)
                return true;
        return false;
    }

    // Where one side says nothing it leaves the meaning to the other. Two that differ give the same bytes another value: a thousandth, or another day.
    private static AvroMatchProblem? Logical(AvroSchema writer, AvroSchema reader)
    {
        if (writer.Logical is not { } written || reader.Logical is not { } read)
            return TextAsDigits(writer, reader) ?? TextAsDigits(reader, writer);
        if (written.Name != read.Name)
            return new(
                AvroMismatchRule.LogicalType,
                $"'{written.Name}' is written where '{read.Name}' is read",
                "keep the logical type, or add a new field beside the old one"
            );
        return written.Scale == read.Scale && written.Precision <= read.Precision
            ? null
            : new(
                AvroMismatchRule.LogicalType,
                $"a decimal of {written.Precision} digits, {written.Scale} after the point, is written where {read.Precision} and {read.Scale} are read",
                "keep the scale, and let the precision only grow"
            );
    }

    // The promotion between text and bytes would take letters for the digits of a decimal, or its digits for letters: most values of one are none of the other.
    private static AvroMatchProblem? TextAsDigits(AvroSchema text, AvroSchema digits) =>
        text.Type == AvroType.String && digits.Logical?.Name == "decimal"
            ? new(
                AvroMismatchRule.LogicalType,
                "text is on one side and a decimal on the other",
                "keep the type, or add a new field beside the old one"
            )
            : null;
}

/// <summary>Why two schemas do not match.</summary>
internal sealed class AvroMatchProblem(AvroMismatchRule rule, string reason, string advice)
{
    public AvroMismatchRule Rule { get; } = rule;

    public string Reason { get; } = reason;

    public string Advice { get; } = advice;
}
