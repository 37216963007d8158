using System;
using System.Globalization;

namespace Statecast.Contracts.Locks;

/// <summary>The version of a contract's shape: a breaking change raises the major, an additive one the minor.</summary>
public readonly struct ContractVersion : IEquatable<ContractVersion>, IComparable<ContractVersion>
{
    /// <summary>A version.</summary>
    public ContractVersion(int major, int minor)
    {
        Major = major;
        Minor = minor;
    }

    /// <summary>What the contract's attribute says.</summary>
    public int Major { get; }

    /// <summary>How many additive changes there were within the major.</summary>
    public int Minor { get; }

    /// <inheritdoc/>
    public int CompareTo(ContractVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <inheritdoc/>
    public bool Equals(ContractVersion other) => Major == other.Major && Minor == other.Minor;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ContractVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (Major * 397) ^ Minor;

    /// <summary>As locks are named: <c>v2.1</c>.</summary>
    public override string ToString() =>
        "v" + Major.ToString(CultureInfo.InvariantCulture) + "." + Minor.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToString"/> writes, and nothing else: one version has one file.</summary>
    internal static bool TryParse(string text, out ContractVersion version)
    {
        version = default;
        var dot = text.IndexOf('.');
        if (
            text.Length < 4
            || text[0] != 'v'
            || dot < 0
            || !int.TryParse(text.Substring(1, dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            || !int.TryParse(text.Substring(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
        )
            return false;
        version = new(major, minor);
        return version.ToString() == text;
    }
}
