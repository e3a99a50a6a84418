// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {IIdentityRegistry} from "@tokenysolutions/t-rex/contracts/registry/interface/IIdentityRegistry.sol";

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Eligibility
/// @notice Both sides of a transfer must be verified, and the receiver's country must be allowed.
/// @dev The token itself verifies the receiver of every transfer, mint and forced transfer, so `moduleCheck` adds the
/// sender only: verification recovers signatures and is the dearest part of a transfer. `reasonFor` answers for both.
/// Countries bind receivers only: a holder whose country is closed later must still be able to leave.
contract EligibilityModule is ReasonedModule {
    enum CountryRule {
        AnyCountry,
        OnlyListed,
        NoneListed
    }

    /// @notice Country codes are ISO 3166-1 numeric, below this.
    uint16 public constant COUNTRY_LIMIT = 1024;
    bytes32 public constant SENDER_NOT_VERIFIED = "sender_not_verified";
    bytes32 public constant RECIPIENT_NOT_VERIFIED = "recipient_not_verified";
    bytes32 public constant COUNTRY_UNKNOWN = "country_unknown";
    bytes32 public constant COUNTRY_NOT_ALLOWED = "country_not_allowed";
    bytes32 public constant COUNTRY_DENIED = "country_denied";

    struct Countries {
        CountryRule rule;
        // one bit a country
        uint256[4] listed;
    }

    mapping(address => Countries) private _countries;

    /// @notice A compliance's country rule was replaced.
    event CountryRuleSet(address indexed compliance, CountryRule rule, uint16[] countries);

    error CountryOutOfRange(uint16 country);

    /// @notice Replace the calling compliance's country rule as a whole.
    /// @param countries the listed ones; ignored by `AnyCountry`
    function setCountryRule(CountryRule rule, uint16[] calldata countries) external onlyComplianceCall {
        uint256[4] memory listed;
        for (uint256 i = 0; i < countries.length; i++) {
            uint16 country = countries[i];
            if (country == 0 || country >= COUNTRY_LIMIT) revert CountryOutOfRange(country);
            listed[country >> 8] |= 1 << (country & 0xff);
        }
        _countries[msg.sender] = Countries(rule, listed);
        emit CountryRuleSet(msg.sender, rule, countries);
    }

    function moduleCheck(
        address from,
        address to,
        uint256,
        address compliance
    ) external view override returns (bool) {
        IIdentityRegistry registry = _registryOf(compliance);
        return _countryReason(registry, to, compliance) == 0 && _isSenderVerified(registry, from);
    }

    /// @notice The rule of a compliance.
    function countryRuleOf(address compliance) external view returns (CountryRule) {
        return _countries[compliance].rule;
    }

    function name() external pure override returns (string memory) {
        return "EligibilityModule";
    }

    /// @notice Whether a compliance's rule lists a country.
    function isListed(address compliance, uint16 country) public view returns (bool) {
        if (country >= COUNTRY_LIMIT) return false;
        return (_countries[compliance].listed[country >> 8] >> (country & 0xff)) & 1 == 1;
    }

    function reasonFor(
        address from,
        address to,
        uint256,
        address compliance
    ) public view override returns (bytes32) {
        IIdentityRegistry registry = _registryOf(compliance);
        if (!_isSenderVerified(registry, from)) return SENDER_NOT_VERIFIED;
        if (!registry.isVerified(to)) return RECIPIENT_NOT_VERIFIED;
        return _countryReason(registry, to, compliance);
    }

    /// @dev A mint has no sender.
    function _isSenderVerified(IIdentityRegistry registry, address from) private view returns (bool) {
        return from == address(0) || registry.isVerified(from);
    }

    function _countryReason(
        IIdentityRegistry registry,
        address to,
        address compliance
    ) private view returns (bytes32) {
        CountryRule rule = _countries[compliance].rule;
        if (rule == CountryRule.AnyCountry) return 0;
        uint16 country = registry.investorCountry(to);
        if (country == 0 || country >= COUNTRY_LIMIT) return COUNTRY_UNKNOWN;
        bool listed = isListed(compliance, country);
        if (rule == CountryRule.OnlyListed) return listed ? bytes32(0) : COUNTRY_NOT_ALLOWED;
        return listed ? COUNTRY_DENIED : bytes32(0);
    }
}
